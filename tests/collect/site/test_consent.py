"""Consent dialogs: found, their choices told apart, and what the site does after each choice (real Chromium)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from server import Servers
from world import World, build

from scanner.collect.site import consent, phases
from scanner.safere import problem
from scanner.visitfacts import ConsentDialog

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Servers() as servers, pytest.MonkeyPatch.context() as patch:
        # Local pages have nothing slow to wait for.
        patch.setattr(phases, "START_LINGER", 0.4)
        patch.setattr(phases, "WARM_LINGER", 0.3)
        patch.setattr(phases, "AFTER_CHOICE", 0.4)
        yield build(servers)


def only(world: World, path: str) -> ConsentDialog:
    seen = world.observe(path)
    assert [d.page for d in seen.dialogs] == [world.url(path)]
    assert seen.gaps == ()
    return seen.dialogs[0]


def test_a_fair_banner_is_found_fair(world: World) -> None:
    seen = world.observe("/consent-good")
    dialog = seen.dialogs[0]

    assert [(b.label, b.role) for b in dialog.buttons] == [
        ("同意", "accept"),
        ("拒绝", "reject"),
        ("×", "close"),
    ]
    assert dialog.kind == "banner" and dialog.policy_linked and dialog.closable and not dialog.wall
    assert (dialog.accept_clicks, dialog.reject_clicks, dialog.equal_choice) == (1, 1, True)
    assert dialog.prechecked == () and not dialog.bundled and not dialog.implied
    assert dialog.reject_respected is True and dialog.kept_after_reject == ()
    tracked = {p.phases for p in seen.third_parties if p.domain == "baidu.com"}
    assert tracked == {("accept",)}
    assert {c.phase for c in seen.cookies if c.name.startswith("Hm_lvt")} == {"accept"}
    assert seen.cookie_notice is True


def test_a_wall_leaves_no_way_but_agreeing(world: World) -> None:
    dialog = only(world, "/consent-wall")

    assert dialog.wall and dialog.kind == "dialog"
    assert dialog.closable is False and dialog.reject_clicks is None and dialog.equal_choice is False
    assert dialog.reject_respected is None


def test_a_window_opened_by_the_click_never_runs(world: World) -> None:
    world.page("/opened", "<!doctype html><title>x</title><script>fetch('/ran')</script>")
    world.page(
        "/opens",
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>x</title><h1>青禾商城</h1><div style='position:fixed;"
        "bottom:0;left:0;right:0;padding:20px;background:#fff' data-consent>我们使用 Cookie 统计访问量，详见<a href=/privacy>"
        "隐私政策</a>。<button onclick=\"window.open('/opened');this.parentNode.remove()\">同意</button></div>",
    )

    seen = world.observe("/opens")

    assert next(p.count for p in seen.problems if p.code == "popups") >= 1
    assert not {"/opened", "/ran"} & {urlsplit(r.path).path for r in world.site.requests}
    assert not [g for g in seen.gaps if g.code == "accept-untested"]


def test_refusing_in_a_second_layer_counts_every_click_and_every_ticked_box(world: World) -> None:
    dialog = only(world, "/consent-settings")

    assert dialog.reject_clicks == 4
    assert dialog.prechecked == ("统计", "广告")
    assert dialog.equal_choice is False
    assert dialog.reject_respected is True


def test_a_faint_refusal_is_no_equal_choice(world: World) -> None:
    dialog = only(world, "/consent-faint")
    accept, reject = (next(b for b in dialog.buttons if b.role == role) for role in ("accept", "reject"))

    assert dialog.equal_choice is False
    assert accept.prominence > 2 * reject.prominence
    assert dialog.implied is True


def test_a_refusal_that_changes_nothing_is_named_with_what_goes_on(world: World) -> None:
    dialog = only(world, "/consent-ignored")

    assert dialog.reject_respected is False
    assert {"hm.baidu.com", "cookie Hm_lvt_0123", "cookie HMACCOUNT"} <= set(dialog.kept_after_reject)


LIBRARIES = {
    "osano": (
        ["osano-cookieconsent-js", "osano-cookieconsent-css"],
        "cookieconsent.initialise({type:'opt-in',content:{message:'本网站使用 Cookie，以便您获得最佳体验。',"
        "allow:'同意',deny:'拒绝',link:'隐私政策',href:'/privacy'},palette:{popup:{background:'#000'},"
        "button:{background:'#f1d600'}}})",
        {"accept": "同意", "reject": "拒绝"},
        1,
    ),
    "vanilla": (
        ["vanilla-cookieconsent-js", "vanilla-cookieconsent-css"],
        "CookieConsent.run({guiOptions:{consentModal:{layout:'bar'}},categories:{necessary:{enabled:true,"
        "readOnly:true},analytics:{enabled:true}},language:{default:'en',translations:{en:{consentModal:{title:"
        "'We use cookies',description:'About cookies',acceptAllBtn:'Accept all',showPreferencesBtn:'Manage "
        "preferences'},preferencesModal:{title:'Manage cookie preferences',acceptAllBtn:'Accept all',"
        "acceptNecessaryBtn:'Reject all',savePreferencesBtn:'Accept current selection',sections:[{title:'Analytics',"
        "linkedCategory:'analytics'}]}}}}})",
        {"accept": "Accept all", "settings": "Manage preferences"},
        2,
    ),
    "klaro": (
        ["klaro-js"],
        "",
        {"accept": "没事的", "reject": "我拒绝", "settings": "让我来选"},
        1,
    ),
}
KLARO = (
    "var klaroConfig={version:1,lang:'zh',acceptAll:true,privacyPolicy:'/privacy',"
    "services:[{name:'matomo',title:'Matomo',purposes:['analytics'],default:true}]}"
)


@pytest.mark.parametrize("name", LIBRARIES)
def test_real_consent_libraries_are_understood(
    world: World, corpus: Callable[[str], Path], name: str
) -> None:
    files, script, labels, clicks = LIBRARIES[name]
    head = f"<script>{KLARO}</script>" if name == "klaro" else ""
    for file in files:
        text = corpus(file).read_text("utf-8")
        world.site.routes[f"/{file}"] = (
            200,
            {"Content-Type": "text/css" if file.endswith("css") else "text/javascript"},
            text,
        )
        head += (
            f'<link rel="stylesheet" href="/{file}">'
            if file.endswith("css")
            else f'<script src="/{file}"{" defer" if name == "klaro" else ""}></script>'
        )
    world.page(
        f"/lib-{name}",
        f"<!doctype html><meta charset=utf-8><title>{name}</title>{head}<body><h1>正文</h1><script>{script}</script>",
    )

    dialog = only(world, f"/lib-{name}")

    assert {b.role: b.label for b in dialog.buttons} == labels
    assert dialog.reject_clicks == clicks
    assert dialog.reject_respected is True


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("不同意", "reject"),
        ("不同意并退出", "reject"),
        ("仅接受必要 Cookie", "reject"),
        ("拒绝全部", "reject"),
        ("暂不同意", "reject"),
        ("Reject all", "reject"),
        ("Only necessary cookies", "reject"),
        ("同意并继续", "accept"),
        ("我知道了", "accept"),
        ("全部接受", "accept"),
        ("Accept all", "accept"),
        ("Cookie 设置", "settings"),
        ("管理偏好", "settings"),
        ("保存设置", "save"),
        ("确认我的选择", "save"),
        ("Save preferences", "save"),
        ("关闭", "close"),
        ("隐私政策", "other"),
        ("《用户协议》", "other"),
        ("登录", "other"),
        ("加入购物车", "other"),
    ],
)
def test_words_of_a_choice(label: str, role: str) -> None:
    assert consent.words().role(label) == role


def test_every_pattern_is_safe() -> None:
    words = consent.words()

    for pattern in (
        *(p for role in words.roles.values() for p in role),
        words.topic,
        words.policy,
        words.container,
    ):
        assert problem(pattern) is None, pattern
