"""HTML to tree and text: what a visitor could read, what the foot is, and what is said when a page is read in part."""

from __future__ import annotations

import pytest
from server import Servers

from scanner.collect.site import reading as reading_module
from scanner.collect.site.collect import collect_site
from scanner.collect.site.forms import MAX_FORMS, read_forms
from scanner.collect.site.frontier import Target
from scanner.collect.site.page import MAX_LINKS, ParsedPage, css_path, parse
from scanner.collect.site.pagetext import FOOT_LEVELS, MAX_DEPTH, MAX_TEXT
from scanner.collect.site.reading import read_page
from scanner.errors import InputError
from scanner.sitefacts import Form

URL = "https://qinghe.example/"


def nested(levels: int, inside: str) -> str:
    """A page whose middle stands ``levels`` deep."""
    return f"<body><p>开头</p>{'<div>' * levels}{inside}{'</div>' * levels}<p>结尾</p>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>一</p><p>二</p>", "一\n二"),
        ("<div>一<span> 二 </span>\n三</div>四", "一 二\n三\n四"),
        ("一<br>二<br/><br>三", "一\n二\n三"),
        ("<p>见<script>var x = '隐'</script><style>p{}</style><noscript>无</noscript>到</p>", "见到"),
        ("<title>题</title><p>正文<template><b>样板</b></template>", "正文"),
        ("<ul><li>甲<li>乙</ul><table><tr><td>丙<td>丁</table>", "甲\n乙\n丙\n丁"),
        ("<p>a&nbsp;&nbsp;b\t\x0bc</p>", "a b c"),
        ("<o:p>带前缀</o:p><CUSTOM-TAG>自定义</CUSTOM-TAG>", "带前缀自定义"),
        ("", ""),
    ],
)
def test_text_is_what_a_visitor_could_read_a_line_per_block(html: str, text: str) -> None:
    page = parse(URL, html)
    assert (page.text, page.cut) == (text, False)


@pytest.mark.parametrize("levels", [100, 255, 300, 700])
def test_a_page_as_deep_as_browsers_build_is_read_whole(levels: int) -> None:
    page = parse(URL, nested(levels, "<a href='/yinsi.html'>隐私政策</a>"))
    assert page.text.split("\n") == ["开头", "隐私政策", "结尾"]
    assert [link.url for link in page.links] == [URL + "yinsi.html"]
    assert not page.cut


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
def test_a_deeper_page_is_said_to_be_read_in_part(levels: int) -> None:
    assert parse(URL, nested(levels, "深")).cut


def test_links_and_text_beyond_the_limits_are_said_to_be_missing() -> None:
    assert parse(URL, "<a href=/x>甲</a>" * (MAX_LINKS + 1)).cut
    assert parse(URL, "<p>" + "字" * (MAX_TEXT + 1)).cut
    assert not parse(URL, "<a href=/x>甲</a>" * 100).cut


def test_forms_beyond_the_limit_are_said_to_be_missing() -> None:
    form = "<form><input name=mobile><button>提交</button></form>"
    few, many = parse(URL, form * 5), parse(URL, form * (MAX_FORMS + 2))
    assert (len(read_forms(few, "other")), few.cut) == (5, False)
    assert (len(read_forms(many, "other")), many.cut) == (MAX_FORMS, True)


@pytest.mark.parametrize(
    ("html", "footer"),
    [
        ("<footer><a href=/a>甲</a></footer>", True),
        ("<div class='page-FOOT'><p><a href=/a>甲</a></p></div>", True),
        ("<div id=copyright><a href=/a>甲</a></div>", True),
        ("<body class=has-footer><a href=/a>甲</a>", False),
        ("<div class=main><a href=/a>甲</a></div><footer>乙</footer>", False),
        (f"<div class=foot>{'<div>' * (FOOT_LEVELS - 2)}<a href=/a>甲</a>", True),
        (f"<div class=foot>{'<div>' * (FOOT_LEVELS - 1)}<a href=/a>甲</a>", False),
        (f"<div class=foot>{'<div>' * 20}<div class=bottom><a href=/a>甲</a>", True),
    ],
)
def test_a_link_in_what_the_page_marks_as_its_foot(html: str, footer: bool) -> None:
    (link,) = parse(URL, html).links
    assert link.footer is footer


def test_a_start_page_read_in_part_leaves_open_what_was_not_found() -> None:
    whole = "<title>青禾</title><p>" + "农技资料与咨询。" * 40
    with Servers() as servers:
        for body, known in ((whole, False), (whole + nested(3 * MAX_DEPTH, ""), None)):
            site = servers.site("qinghe.example" if known is False else "deep.example")
            site.routes["/"] = body
            facts = collect_site(site.url(), servers.options())
            assert facts.site is not None
            assert facts.site.disclosure.policy_found is known
            assert any(gap.code == "pages-cut" for gap in facts.gaps) is (known is None)


def test_a_tag_with_control_characters_is_a_place_like_any_other() -> None:
    page = parse(
        URL, "<in\x04put><p>" * 2 + "<form><input name=mobile><in\x01put><button>提交</button></form>"
    )
    (form,) = read_forms(page, "other")
    locators = [proof.locator for field in form.fields for proof in field.evidence]
    assert [locator.css.rpartition(" > ")[2] for locator in locators if locator.kind == "web"] == ["input"]
    assert css_path(next(e for e in page.root.iter() if e.tag == "in\x04put")) != ""


@pytest.mark.parametrize(
    ("html", "cut"),
    [
        ("<div>" + "<input name=mobile>" * 6_000 + "<i></i>" * 100_000 + "</div>", False),
        ("<label>" * 900 + "<input>" * 3_000, False),
        ("<div>" + "<input type=checkbox>同意隐私政策<br>" * 5_000 + "</div>", False),
        ("<div><input name=a>" * 900, True),
        ("<i></i>" * 100_000 + "<form><input name=mobile><input name=xm></form>", False),
        (
            "<footer>" + "".join(f"<b>京ICP备{10_000_000 + n}号</b> " for n in range(40_000)) + "</footer>",
            False,
        ),
        ("<input " + " ".join(f"a{n}=b" for n in range(200_000)) + "><p>后文", True),
    ],
    ids=["loose", "labels", "boxes", "nested", "siblings", "filings", "attributes"],
)
def test_a_page_made_to_cost_time_costs_what_its_size_does(html: str, cut: bool) -> None:
    """Each took minutes to hours when work grew with the square of the page."""
    page = parse(URL, html.encode(), "text/html; charset=utf-8")
    reading = read_page(Target(URL, 1), None, page, start=False)
    assert reading.cut is cut
    assert not html.endswith("后文") or page.text == "后文"


def test_only_a_tag_with_too_many_attributes_is_shortened() -> None:
    filler = "<p title=\"a > b\" class='x'>正文</p>" * 2_000
    tag = "<a " + " ".join(f"a{n}" for n in range(3_000)) + " href=/x>链接</a>"
    page = parse(URL, filler + tag + filler)
    assert (page.text.count("正文"), page.text.count("链接"), page.cut) == (4_000, 1, True)
    assert not parse(URL, filler * 2).cut


def test_a_page_that_breaks_a_reader_is_read_in_part_and_the_visit_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(page: ParsedPage, kind: str) -> tuple[Form, ...]:
        if page.title == "坏":
            raise RuntimeError("unforeseen")
        return read_forms(page, kind)

    monkeypatch.setattr(reading_module, "read_forms", broken)
    form = "<form>手机号<input name=mobile><button>提交</button></form>"
    with Servers() as servers:
        site = servers.site("qinghe.example")
        site.routes["/"] = "<title>青禾</title><a href=/bad>坏</a><a href=/good>好</a>" + "农技" * 100
        site.routes["/bad"] = "<title>坏</title>" + form
        site.routes["/good"] = "<title>好</title>" + form
        facts = collect_site(site.url(), servers.options())
    assert facts.site is not None
    assert [f.page for f in facts.site.forms] == [site.url("/good")]
    assert [p.where for p in facts.problems if p.code == "page-unreadable"] == [site.url("/bad")]
    assert "pages-cut" in {gap.code for gap in facts.gaps}


@pytest.mark.parametrize(("levels", "shown"), [(10, False), (3 * MAX_DEPTH, None)])
def test_a_number_not_seen_on_a_start_page_read_in_part_is_not_missing(
    levels: int, shown: bool | None
) -> None:
    with Servers() as servers:
        site = servers.site("qinghe.example")
        site.routes["/"] = "<title>青禾</title>" + nested(
            levels, "京ICP备2021012345号" if shown is None else ""
        )
        facts = collect_site(site.url(), servers.options())
    assert facts.site is not None
    assert (facts.site.icp_shown, facts.site.police_shown) == (shown, shown)


def test_a_start_address_that_is_no_page_is_refused_with_the_reason() -> None:
    with Servers() as servers:
        site = servers.site("qinghe.example")
        site.routes["/"] = (200, {"Content-Type": "application/pdf"}, b"%PDF-1.4")
        with pytest.raises(InputError) as refused:
            collect_site(site.url(), servers.options())
    assert refused.value.code == "start-no-page"
