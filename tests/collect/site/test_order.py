"""Pages are visited two at a time, yet the facts keep the order of their turn, and a dialog on every page is the start's."""

from __future__ import annotations

import pytest
from server import Servers
from world import build

from scanner.collect.site.observe import PATHS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BANNER = (
    "<div style='position:fixed;bottom:0;width:100%;height:120px'>本网站使用 Cookie 收集您的信息，详见"
    "<a href='/privacy'>隐私政策</a><button>同意</button><button>拒绝</button></div>"
)
LATE = "<script>setTimeout(() => { new Image().src = 'https://hm.baidu.com/hm.gif?late=1' }, 1500)</script>"


def test_visits_keep_their_order_and_the_start_page_is_watched_longer() -> None:
    paths = [f"/p{number}" for number in range(4)]
    with Servers() as servers:
        world = build(servers)
        world.page("/first", f"<title>首页</title><h1>首页</h1>{LATE}{BANNER}")
        for path in paths:
            world.page(path, f"<title>{path}</title><h1>{path}</h1>{BANNER}")
        seen = world.observe("/first", paths)
    before = [page.url for page in seen.pages]
    assert before == [world.url(path) for path in ("/first", *paths)]
    assert [dialog.page for dialog in seen.dialogs] == [world.url("/first")]
    late = [request for request in seen.requests if "late=1" in request.url and request.phase == "before"]
    assert [request.page for request in late] == [world.url("/first")]


@pytest.mark.parametrize(("limit", "left"), [(2, 3), (5, 0)])
def test_pages_that_were_not_opened_are_said_to_be_unobserved(limit: int, left: int) -> None:
    paths = [f"/p{number}" for number in range(4)]
    with Servers() as servers:
        world = build(servers)
        for path in ("/first", *paths):
            world.page(path, f"<title>{path}</title><h1>{path}</h1>")
        seen = world.observe("/first", paths, max_rendered=limit)
    gaps = [gap for gap in seen.gaps if gap.code == "pages-not-rendered"]
    assert {gap.path for gap in gaps} == (set(PATHS) if left else set())
    assert all(f"另有 {left} 个" in gap.reason.zh for gap in gaps)
