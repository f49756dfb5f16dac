"""Pages that attack the browser: the visit ends within its budget, nothing private is reached, and it says what happened."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from server import Request, Servers
from world import World, build

from scanner.collect.site import phases, tab
from scanner.collect.site.observe import Observation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = {
    "/windows": "<script>setInterval(() => { for (let i = 0; i < 20; i++) window.open('/x' + i); }, 5)</script>",
    "/loop": "<h1>x</h1><script>setTimeout(() => { for (;;); }, 50)</script>",
    "/loop-at-once": "<script>for (;;);</script>",
    "/alerts": "<script>for (;;) alert('不要走')</script>",
    "/stay": "<script>onbeforeunload = () => '别走'; location.hash = 'x'</script>",
    "/huge": "<script>const d = document.createElement('div'); d.innerHTML = '<i></i>'.repeat(400000);"
    " document.documentElement.append(d)</script>",
    "/reload": "<script>setTimeout(() => location.reload(), 30)</script>",
    "/fragments": "<script>let i = 0; setInterval(() => history.pushState(0, 0, '#' + i++), 1)</script>",
    "/download": "<script>location = '/file.bin'</script>",
    "/inside": "<script>location = 'http://10.0.0.1/admin'</script>",
    "/metadata": "<script>fetch('http://169.254.169.254/latest/meta-data/').catch(() => {})</script>"
    "<img src='http://192.168.1.1/logo.png'><iframe src='http://[::ffff:10.0.0.2]/'></iframe>",
    "/file": "<iframe src='file:///etc/passwd'></iframe><img src='file:///etc/hostname'>"
    "<script>location = 'file:///etc/passwd'</script>",
    "/socket": "<script>new WebSocket('ws://10.1.2.3:8080/'); new EventSource('/endless')</script>",
    "/liar": "<script>JSON.stringify = () => 'x'; Error.prepareStackTrace = () => { throw 1 }; Map.prototype.get = () => 1;"
    " RegExp.prototype.exec = () => null; document.querySelectorAll = () => []; Array.prototype.push = () => 0;"
    " navigator.geolocation.getCurrentPosition(() => {}, () => {});</script>",
}


def endless(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    for _ in range(200):
        request.send(b"data: x\n\n")
        time.sleep(0.05)


def drip(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n<p>")
    for _ in range(200):
        request.send(b"x")
        time.sleep(0.1)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Servers() as servers, pytest.MonkeyPatch.context() as patch:
        patch.setattr(phases, "START_LINGER", 0.4)
        patch.setattr(tab, "PAGE_SECONDS", 4.0)
        patch.setattr(tab, "ANSWER", 3.0)
        world = build(servers)
        for path, content in PAGES.items():
            world.page(path, "<!doctype html><meta charset=utf-8><title>x</title>" + content)
        world.site.routes["/endless"] = endless
        world.site.routes["/drip"] = drip
        world.site.routes["/file.bin"] = (200, {"Content-Type": "application/octet-stream"}, b"\0" * 1000)
        yield world


@pytest.fixture(scope="module")
def seen(world: World) -> tuple[Observation, float]:
    """One visit to all of them, the clean page first and last."""
    started = time.monotonic()
    seen = world.observe("/clean", [*PAGES, "/drip", "/storage"], seconds=150)
    return seen, time.monotonic() - started


def problems(seen: Observation, path: str) -> set[str]:
    return {p.code for p in seen.problems if p.where.endswith(path)}


def test_the_visit_ends_and_the_pages_after_the_attacks_are_still_read(
    seen: tuple[Observation, float], world: World
) -> None:
    observation, seconds = seen

    assert seconds < 150
    assert any(s.key == "visitor" for s in observation.storage)
    assert {p.url for p in observation.pages} == {
        world.url(p) for p in ("/clean", *PAGES, "/drip", "/storage")
    }


@pytest.mark.parametrize("path", ["/loop", "/loop-at-once"])
def test_a_script_that_never_ends_is_stopped_and_named(seen: tuple[Observation, float], path: str) -> None:
    assert problems(seen[0], path) & {"page-hung", "page-timeout"}


def test_windows_are_counted_and_none_stays_open(seen: tuple[Observation, float]) -> None:
    popups = next(p for p in seen[0].problems if p.code == "popups")

    assert popups.count >= 20
    assert "未打开" in popups.message.zh


def test_endless_dialogs_end(seen: tuple[Observation, float]) -> None:
    assert problems(seen[0], "/alerts") & {"page-dialogs", "dialogs"}


def test_a_huge_page_is_read_in_part_and_says_so(seen: tuple[Observation, float]) -> None:
    assert problems(seen[0], "/huge") & {"dom-too-large", "page-hung", "page-timeout"}


def test_a_slow_drip_ends_with_the_page_s_time(seen: tuple[Observation, float]) -> None:
    assert problems(seen[0], "/drip") & {"page-timeout", "page-hung"}


def test_a_page_that_tampers_with_builtins_still_gives_itself_away(
    seen: tuple[Observation, float], world: World
) -> None:
    assert "geolocation" in {u.api for u in seen[0].script_uses if u.page == world.url("/liar")}


def test_private_addresses_and_files_are_out_of_reach_of_scripts() -> None:
    with Servers() as servers:
        world = build(servers)
        for path in ("/inside", "/metadata", "/file", "/socket"):
            world.page(path, "<!doctype html><title>x</title>" + PAGES[path])
        # The site itself is virtual and allowed by name; everything else has to be public.
        guarded = world.observe_guarded(
            "/metadata", ["/inside", "/file", "/socket"], allowed={"shop.qinghe.example"}
        )

    refused = {p.where for p in guarded.problems if p.code == "address-refused"}
    assert {"10.0.0.1", "169.254.169.254", "192.168.1.1", "10.1.2.3"} <= refused
    told = {g.path: g.reason.zh for g in guarded.gaps if g.code == "hosts-unreached"}
    assert {"site.cookies", "site.script_uses", "site.requests"} <= set(told)
    assert "没有连通" in told["site.cookies"] and "未观察" in told["site.cookies"]
    assert any("10.0.0.2" in host or "a00:2" in host for host in refused)
    assert not any(r.url.startswith("file:") for r in guarded.requests)
    assert "root:" not in str(guarded)


def test_a_site_that_sends_without_end_is_cut_off_by_the_byte_budget(world: World) -> None:
    world.site.routes["/flood"] = (200, {"Content-Type": "text/html"}, b"<p>" + b"x" * 3_000_000)

    seen = world.observe("/flood", ["/clean"], max_bytes=1_000_000)

    assert {g.code for g in seen.gaps} & {"byte-budget", "page-unreachable", "page-timeout"}
    assert seen.bytes < 2_500_000
