"""Crawl and browser together: what scripts build is read like what the server sends."""

from __future__ import annotations

import pytest
from server import Servers

from scanner.collect.site.collect import collect_site

APP = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>青禾</title></head><body><div id="app"></div><script>
const pages = {
  '': '<h1>青禾</h1><p>青禾笔记记录每一天的生活。</p><a href="#/register">注册</a> <a href="/privacy">隐私政策</a>' +
      '<footer>版权所有 北京青禾科技有限公司 <a href="https://beian.miit.gov.cn/">京ICP备2021012345号-1</a></footer>',
  '#/register': '<h1>用户注册</h1><div class="el-form"><div class="el-form-item is-required"><label>手机号</label>' +
      '<div><input></div></div><div class="el-form-item"><label>身份证号</label><div><input></div></div><button>立即注册</button></div>',
};
const show = () => { document.getElementById('app').innerHTML = pages[location.hash] || pages['']; };
addEventListener('hashchange', show); show();
</script></body></html>"""
POLICY = (
    "<title>隐私政策</title><h1>隐私政策</h1>"
    + "<p>我们收集、使用、存储您的个人信息，您可以查阅、更正、删除。</p>" * 20
)


@pytest.mark.browser
def test_a_site_built_by_scripts_is_read_through_the_browser() -> None:
    with Servers() as servers:
        site = servers.site("qinghe.example", routes={"/": APP, "/privacy": POLICY})
        facts = collect_site(site.url(), servers.options(browser=True, max_rendered=5, max_seconds=120))
    found = facts.site
    assert found is not None

    (form,) = (f for f in found.forms if f.page.endswith("#/register"))
    assert (form.purpose, form.collects) == ("register", ("phone-number", "id-number"))
    assert [f.required for f in form.fields] == [True, False]
    assert found.icp_shown is True and found.operator == "北京青禾科技有限公司"
    assert found.disclosure.policy_found is True and found.disclosure.policy_clicks == 1
    assert found.stats.browser and found.stats.rendered >= 3
    assert not {gap.code for gap in facts.gaps} & {"needs-browser", "no-browser"}


@pytest.mark.browser
def test_pages_that_only_a_script_links_to_are_read_and_routes_left_over_are_a_gap() -> None:
    menu = "<title>首页</title><p>青禾</p><div id=m></div><script>m.innerHTML='<a href=/hidden>报名</a>'+[1,2,3,4,5,6].map(n=>`<a href='#/r${n}'>r</a>`).join('')</script>"
    with Servers() as servers:
        site = servers.site(
            "qinghe.example",
            routes={
                "/": menu,
                "/hidden": "<title>报名</title><form>姓名<input>电话<input><button>报名</button></form>",
            },
        )
        facts = collect_site(site.url(), servers.options(browser=True, max_rendered=1, max_seconds=120))
    assert facts.site is not None

    assert [form.collects for form in facts.site.forms] == [("name", "phone-number")]
    assert "routes-unread" in {gap.code for gap in facts.gaps}
