"""The browser sees each practice on its own page, and nothing on the clean one (real Chromium, loopback only)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from server import Servers
from world import World, build

from scanner.collect.site.observe import Observation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BAD = ("fingerprint", "storage", "permissions", "replay", "beacon")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Servers() as servers:
        yield build(servers)


@pytest.fixture(scope="module")
def bad(world: World) -> Observation:
    """One visit to all bad pages without a consent dialog."""
    return world.observe("/track", [f"/{name}" for name in BAD])


@pytest.fixture(scope="module")
def clean(world: World) -> Observation:
    return world.observe("/clean")


def apis(seen: Observation, page: str) -> set[str]:
    return {use.api for use in seen.script_uses if use.page == page}


def test_every_page_is_rendered_and_nothing_is_missing(bad: Observation, world: World) -> None:
    assert [(p.url, p.rendered, p.problem) for p in bad.pages if p.url == world.url("/track")]
    assert {p.url for p in bad.pages if p.rendered} == {world.url(f"/{name}") for name in ("track", *BAD)}
    assert bad.gaps == ()
    assert bad.browser.startswith("Chrom")


def test_third_parties_before_consent_have_owner_category_and_country(bad: Observation) -> None:
    parties = {p.domain: p for p in bad.third_parties}

    baidu, google = parties["baidu.com"], parties["doubleclick.net"]
    assert (baidu.owner, baidu.category, baidu.country, baidu.overseas) == ("百度", "analytics", "CN", False)
    assert (google.owner, google.category, google.overseas) == ("谷歌", "advertising", True)
    assert all(p.before_consent and p.tracker for p in (baidu, google))
    assert {"browsing", "screen-info", "locale-timezone"} <= set(baidu.sends_items)
    assert {"precise-location", "phone-number", "screen-info"} <= set(google.sends_items)
    assert baidu.lists == ("easyprivacy",)
    assert "qinghe.example" not in parties
    assert sum(p.requests for p in parties.values()) == sum(r.third_party for r in bad.requests)


def test_values_sent_are_masked(bad: Observation) -> None:
    text = " ".join(r.url + str(r.evidence) for r in bad.requests)

    assert "13800138000" not in text
    assert "31.23041" not in text
    assert "phone=13***" in text


def test_cookies_tell_who_set_them_for_how_long_and_what_for(bad: Observation, world: World) -> None:
    cookies = {c.name: c for c in bad.cookies}

    ide, visit = cookies["IDE"], cookies["Hm_lvt_0123"]
    assert ide.third_party and ide.secure and ide.http_only and ide.same_site == "None"
    assert ide.purpose == "advertising" and ide.days == pytest.approx(390, abs=1)
    assert ide.set_by.startswith(world.third["ad.doubleclick.net"].url("/pixel"))
    assert not visit.third_party and visit.purpose == "analytics" and visit.owner == "百度统计"
    assert visit.set_by == world.third["hm.baidu.com"].url("/hm.js")
    assert cookies["HMACCOUNT"].third_party
    assert cookies["guest_no"].identifier and cookies["guest_no"].days == pytest.approx(400, abs=1)
    told = ide.evidence[0].note
    assert told is not None and "域名 ad.doubleclick.net（第三方）" in told.zh
    assert "有效期 390 天" in told.zh and "取值足以区分访问者" in told.zh
    pixel = next(r for r in bad.requests if "/hm.gif" in r.url)
    assert pixel.initiator == world.third["hm.baidu.com"].url("/hm.js")


def test_fingerprinting_is_attributed_to_the_script_that_does_it(bad: Observation, world: World) -> None:
    uses = {u.api: u for u in bad.script_uses if u.page == world.url("/fingerprint")}

    wanted = {"canvas", "webgl", "audio", "fonts", "battery", "webrtc", "device_memory", "cpu_cores"}
    assert wanted | {"device_enumeration", "ua_high_entropy"} <= set(uses)
    assert {u.script for u in uses.values()} == {world.third["fp.tongdun.net"].url("/fp.js")}
    assert all(u.third_party and u.phase == "before" for u in uses.values())
    assert uses["canvas"].item == "browser-fingerprint"
    told = uses["canvas"].evidence[0].note
    assert told is not None and "画布指纹" in told.zh and "第三方" in told.zh and "作出选择之前" in told.zh
    assert re.search(r"首次调用位置：第 \d+ 行第 \d+ 列", told.zh) and "toDataURL" in told.zh


def test_browser_storage_of_every_kind_is_listed(bad: Observation, world: World) -> None:
    items = {(s.kind, s.key): s for s in bad.storage if not s.third_party}

    assert set(items) >= {
        ("local", "visitor"),
        ("session", "tab"),
        ("indexeddb", "profile"),
        ("cache", "assets-v1"),
        ("service_worker", world.url("/worker.js")),
    }
    assert items["local", "visitor"].identifier and not items["session", "tab"].identifier
    assert items["local", "visitor"].set_by == world.url("/storage")
    frame = next(s for s in bad.storage if s.third_party)
    assert (frame.kind, frame.key) == ("local", "frame_id")


def test_permissions_and_clipboard_are_recorded_and_denied(bad: Observation, world: World) -> None:
    wanted = {"geolocation", "notifications", "camera", "microphone", "clipboard_read"}

    assert wanted <= apis(bad, world.url("/permissions"))


def test_session_replay_is_recognised_by_what_it_watches(bad: Observation, world: World) -> None:
    assert {"session_replay", "key_listener"} <= apis(bad, world.url("/replay"))
    assert next(p for p in bad.third_parties if p.domain == "mouseflow.com").category == "session_replay"


def test_a_beacon_on_leaving_is_seen_with_what_it_sends(bad: Observation, world: World) -> None:
    assert "beacon_unload" in apis(bad, world.url("/beacon"))
    sent = next(r for r in bad.requests if r.beacon)
    assert sent.url == world.third["log.sensorsdata.cn"].url("/leave")
    assert sent.method == "POST" and {"browsing", "cookie"} <= set(sent.sends)


def test_typing_is_off_unless_asked_for_and_shows_what_is_sent(world: World) -> None:
    quiet = world.observe("/keylog")
    typed = world.observe("/keylog", typing=True)

    assert "keylogging" not in apis(quiet, world.url("/keylog"))
    assert "key_listener" in apis(quiet, world.url("/keylog"))
    logged = [u for u in typed.script_uses if u.api == "keylogging"]
    assert logged and logged[0].script == world.third["log.sensorsdata.cn"].url("/keys.js")
    assert all(request.method == "GET" for request in world.site.requests)


def test_the_clean_site_is_silent(clean: Observation) -> None:
    assert clean.third_parties == ()
    assert clean.cookies == ()
    assert clean.storage == ()
    assert clean.script_uses == ()
    assert clean.dialogs == () and clean.cookie_notice is False
    assert clean.gaps == () and clean.problems == ()
    assert all(r.sends == () for r in clean.requests)


def test_what_a_worker_sends_counts_as_the_page_s(world: World) -> None:
    third = world.third["log.sensorsdata.cn"]
    target = third.url("/collect?thread=1")
    world.page("/thread.js", f"fetch('{target}', {{ mode: 'no-cors' }})", "text/javascript")
    world.page("/thread", "<!doctype html><title>x</title><script>new Worker('/thread.js')</script>")

    sent = [r for r in world.observe("/thread").requests if r.url == target]

    assert [(r.page, r.third_party, r.status) for r in sent] == [(world.url("/thread"), True, 200)]
    heads = third.requests[-1].headers
    assert heads["accept-language"] == "zh-CN,zh;q=0.9" and "Guijian" in heads["user-agent"]


def test_what_loads_only_when_scrolled_to_is_seen(world: World) -> None:
    target = world.third["ad.doubleclick.net"].url("/pixel?lazy=1")
    late = (
        "<!doctype html><title>x</title><h1>x</h1><div style='height:6000px'></div><div id=end></div><script>"
        f"new IntersectionObserver(([e], o) => {{ if (!e.isIntersecting) return; o.disconnect(); new Image().src = '{target}';"
        " end.textContent = '手机号登记'; }).observe(end)</script>"
    )
    world.page("/late", late)
    dom: list[str] = []

    seen = world.observe("/late", discover=lambda _url, html: (dom.append(html), ())[1])

    assert [r.page for r in seen.requests if "lazy" in r.url] == [world.url("/late")]
    assert "手机号登记</div>" in dom[0]


def test_a_page_that_does_not_exist_is_not_read_as_one(world: World) -> None:
    read: list[str] = []

    world.observe("/clean", ["/nowhere"], discover=lambda url, _html: (read.append(url), ())[1])

    assert read == [world.url("/clean")]


@pytest.mark.parametrize("program", ["/nonexistent/chromium", "/bin/false", "/bin/cat"])
def test_without_a_browser_everything_is_a_gap_and_the_text_says_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setenv("GUIJIAN_CHROMIUM", program)

    seen = world.observe("/clean")

    assert {gap.path for gap in seen.gaps} >= {"site.requests", "site.cookies", "site.dialogs"}
    assert "apt install chromium" in seen.problems[0].message.zh
    assert seen.cookie_notice is None
