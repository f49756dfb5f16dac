"""Real script libraries that nobody here wrote: a framework's single-page site, a recorder, a fingerprinting library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from server import Servers
from world import World, build

from scanner.collect.site import phases

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def world(corpus: Callable[[str], Path]) -> Iterator[World]:
    with Servers() as servers, pytest.MonkeyPatch.context() as patch:
        patch.setattr(phases, "START_LINGER", 0.8)
        world = build(servers)
        for path, name in (
            ("/vue.js", "vue-js"),
            ("/vue-router.js", "vue-router-js"),
            ("/rrweb.js", "rrweb-js"),
            ("/fp.umd.js", "fingerprintjs-js"),
        ):
            world.page(path, corpus(name).read_text("utf-8"), "text/javascript")
        yield world


def test_a_site_of_a_modern_framework_is_rendered_route_by_route(world: World) -> None:
    dom: dict[str, str] = {}

    def discover(url: str, html: str) -> list[str]:
        dom[url] = html
        return [world.url("/spa#/register")]

    seen = world.observe("/spa", discover=discover)

    register = next(html for url, html in dom.items() if url.endswith("#/register"))
    assert '<input type="tel" name="mobile">' in register
    assert seen.gaps == () and seen.problems == ()
    dialog = seen.dialogs[0]
    assert [(b.label, b.role) for b in dialog.buttons] == [("同意", "accept"), ("拒绝", "reject")]
    assert dialog.reject_respected is True
    assert {s.key for s in seen.storage if s.identifier} == {"member_device"}
    sent = [r for r in seen.requests if r.host == "log.sensorsdata.cn"]
    assert {(r.phase, r.sends) for r in sent} == {("accept", ("cookie",))}


def test_the_recorder_rrweb_is_recognised_by_what_it_does(world: World) -> None:
    world.page(
        "/rrweb",
        "<!doctype html><title>x</title><h1>x</h1><script src=/rrweb.js></script>"
        "<script>window.events = []; rrweb.record({ emit: (e) => events.push(e) })</script>",
    )

    seen = world.observe("/rrweb")

    replay = [u for u in seen.script_uses if u.api == "session_replay"]
    assert [u.script for u in replay] == [world.url("/rrweb.js")]


def test_the_fingerprinting_library_is_recognised_by_what_it_reads(world: World) -> None:
    world.page(
        "/fingerprintjs",
        "<!doctype html><title>x</title><h1>x</h1><script src=/fp.umd.js></script>"
        "<script>FingerprintJS.load().then((f) => f.get())</script>",
    )

    seen = world.observe("/fingerprintjs")

    uses = {u.api for u in seen.script_uses if u.script == world.url("/fp.umd.js")}
    assert {"canvas", "audio", "fonts", "device_enumeration"} <= uses
    assert not uses & {"session_replay", "geolocation", "clipboard_read"}


def test_the_hooks_leave_no_trace_a_page_would_look_for(world: World) -> None:
    world.page(
        "/probe",
        """<!doctype html><title>x</title><h1>x</h1><script>
        const native = (f) => Function.prototype.toString.call(f).includes('[native code]') && !('prototype' in f);
        const found = [];
        if (!native(HTMLCanvasElement.prototype.toDataURL)) found.push('toDataURL');
        if (HTMLCanvasElement.prototype.toDataURL.toString() !== 'function toDataURL() { [native code] }') found.push('text');
        if (HTMLCanvasElement.prototype.toDataURL.name !== 'toDataURL') found.push('name');
        if (navigator.webdriver) found.push('webdriver');
        if (Object.keys(window).some((k) => /^_[0-9a-f]{20,}/.test(k))) found.push('channel');
        if (/Headless/.test(navigator.userAgent)) found.push('headless');
        if (!(new RTCPeerConnection() instanceof RTCPeerConnection)) found.push('instanceof');
        if (document.hasOwnProperty('cookie')) found.push('cookie');
        document.title = 'found:' + found.join(',');
        </script>""",
    )

    seen = world.observe("/probe")

    assert seen.pages[0].title == "found:"
