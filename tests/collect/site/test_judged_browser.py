"""The rules on whole sites seen in a browser: clean ones, static and built by a framework, are accused of nothing, and
every fault a visitor meets is hit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import FIXTURES
from server import Servers, Site
from world import World, build

from scanner.assess import assess
from scanner.collect import collect
from scanner.collect.site import phases
from scanner.facts import Facts
from scanner.model import Outcome
from scanner.packload import load_pack, profile_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PACK = load_pack()
NOW = datetime(2026, 11, 24, tzinfo=UTC)
CLEAN = FIXTURES / "sites" / "clean"
GOOD_HEADERS = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
# The clean site again, written in Vue: one page, a route for each of its pages.
APP = """
const page = (html) => ({ render: () => Vue.h('div', { innerHTML: html }) });
const routes = Object.entries(PAGES).map(([path, html]) => ({ path, component: page(html) }));
const router = VueRouter.createRouter({ history: VueRouter.createWebHashHistory(), routes });
Vue.createApp({ render: () => Vue.h(VueRouter.RouterView) }).use(router).mount('#app');
"""
SHELL = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>青禾笔记</title>
<link rel="stylesheet" href="/style.css"></head><body><div id="app"></div>
<script src="/vue.js"></script><script src="/vue-router.js"></script><script src="/app.js"></script></body></html>"""


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phases, "START_LINGER", 0.6)
        patch.setattr(phases, "WARM_LINGER", 0.3)
        yield


def static(servers: Servers, _corpus: Callable[[str], Path]) -> Site:
    return servers.tls("qinghe.example", folder=CLEAN, headers=GOOD_HEADERS)


def framework(servers: Servers, corpus: Callable[[str], Path]) -> Site:
    pages = {}
    for path in sorted(CLEAN.rglob("*.html")):
        body = re.search(r"<body[^>]*>(.*)</body>", path.read_text("utf-8"), re.DOTALL)
        assert body is not None
        name = "/" + path.relative_to(CLEAN).as_posix().removesuffix(".html").removesuffix("index")
        pages[name] = re.sub(r'href="/([\w/-]*)(?:\.html)?"', r'href="#/\1"', body[1])
    script = {"Content-Type": "text/javascript; charset=utf-8", **GOOD_HEADERS}
    routes = {
        "/": (200, {"Content-Type": "text/html; charset=utf-8", **GOOD_HEADERS}, SHELL),
        "/app.js": (200, script, f"const PAGES = {json.dumps(pages)};{APP}"),
        "/vue.js": (200, script, corpus("vue-js").read_text("utf-8")),
        "/vue-router.js": (200, script, corpus("vue-router-js").read_text("utf-8")),
        "/style.css": (
            200,
            {"Content-Type": "text/css", **GOOD_HEADERS},
            (CLEAN / "style.css").read_text("utf-8"),
        ),
    }
    return servers.tls("qinghe.example", routes=routes)


def hits(facts: Facts) -> set[str]:
    outcome = assess(facts, PACK, profile_for(PACK, "site"), now=NOW, tool_version="test")
    assert not [r for r in outcome.evaluation.results if r.outcome is Outcome.ERROR]
    return {r.rule for r in outcome.evaluation.results if r.outcome is Outcome.HIT}


@pytest.mark.parametrize("make", [static, framework])
def test_a_clean_site_seen_in_a_browser_is_accused_of_nothing(
    make: Callable[[Servers, Callable[[str], Path]], Site], corpus: Callable[[str], Path]
) -> None:
    with Servers() as servers:
        site = make(servers, corpus)
        facts = collect(site.url(), servers.options(browser=True))
    assert facts.site is not None

    assert hits(facts) == set()
    assert facts.problems == ()
    assert facts.site.stats.rendered >= 8 and facts.site.disclosure.policy_found is True
    assert {form.purpose for form in facts.site.forms} >= {"login", "register"}


FAULTS = {
    "/": {
        "site-ad-tracker-before-consent",
        "site-analytics-before-consent",
        "site-beacon-before-consent",
        "site-camera-prompt-at-load",
        "site-clipboard-read-at-load",
        "site-device-traits-before-consent",
        "site-fingerprinting-before-consent",
        "site-identifier-sent-before-consent",
        "site-location-prompt-at-load",
        "site-long-lived-identifier-before-consent",
        "site-no-privacy-policy",
        "site-overseas-party-receives-personal-data",
        "site-personal-data-sent-before-consent",
        "site-session-replay-before-consent",
        "site-storage-identifier-before-consent",
        "site-third-party-key-listener",
        "site-third-party-receives-personal-data",
        "site-tracking-cookie-before-consent",
    },
    "/consent-ignored": {"site-refusal-not-respected", "site-cookie-after-refusal"},
    "/consent-wall": {"site-consent-wall", "site-no-reject-choice", "site-dialog-without-policy-link"},
    "/consent-settings": {"site-consent-categories-pre-ticked", "site-reject-harder-than-accept"},
    "/consent-faint": {"site-reject-less-prominent", "site-implied-consent-wording"},
}
PAGES = ("track", "fingerprint", "storage", "permissions", "replay", "beacon", "keylog")
HOME = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>青禾商城</title><h1>青禾商城</h1>"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Servers() as servers:
        world = build(servers)
        world.page("/", HOME + "".join(f'<a href="/{name}">{name}</a> ' for name in PAGES))
        yield world


@pytest.mark.parametrize("start", FAULTS)
def test_every_fault_a_visitor_meets_is_hit(world: World, start: str) -> None:
    options = {} if start == "/" else {"max_pages": 1}
    found = hits(collect(world.url(start), world.servers.options(browser=True, **options)))

    assert FAULTS[start] - found == set()
    if start == "/consent-settings":  # its one fault is the way to the refusal, which works
        assert "site-refusal-not-respected" not in found
