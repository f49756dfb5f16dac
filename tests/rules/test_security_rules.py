"""The security rules on whole packages, and the predicate for components open to every other app."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner import predicates
from scanner.assess import assess
from scanner.collect import collect
from scanner.examples import example_facts
from scanner.facts import Facts
from scanner.model import Gap, Outcome, Text
from scanner.packload import load_pack, profile

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PAIRS = {
    "debuggable": {"debuggable-release"},
    "allow-backup": {"backup-allowed"},
    "cleartext": {"cleartext-traffic-permitted", "cleartext-endpoint"},
    "exported": {"open-activity", "open-provider"},
    "signing-debug": {"debug-certificate"},
    "signing-weak": {"weak-signing-key", "v1-signature-only"},
    "accessibility-overlay": {
        "overlay-permission",
        "accessibility-service",
        "accessibility-service-sees-everything",
    },
    "abilities": {
        "device-administrator",
        "device-administrator-can-wipe",
        "install-packages-permission",
        "special-ability-never-used",
        "asks-for-battery-exemption",
    },
    "broadcast": {"broadcasts-personal-data"},
    "self-start": {
        "starts-on-system-events",
        "wakes-other-apps",
        "wakes-other-apps-before-consent",
        "sdk-wakes-sibling-apps",
        "wake-up-component-open",
        "keeps-itself-alive",
        "open-service",
    },
    "location-background": {"starts-at-boot"},
}
SECURITY = {rule.id for rule in load_pack().rules.values() if rule.code.startswith("GJ-X")}


@cache
def hits(path: str) -> set[str]:
    pack = load_pack()
    results = assess(
        collect(path), pack, profile(pack, "app-full"), now=NOW, tool_version="test"
    ).evaluation.results
    assert not [r for r in results if r.outcome is Outcome.ERROR]
    return {r.rule for r in results if r.outcome is Outcome.HIT}


@pytest.mark.parametrize(("name", "rules"), PAIRS.items())
def test_exactly_the_faults_of_the_bad_twin_are_found(name: str, rules: set[str]) -> None:
    assert hits(str(fixture_apk_path(f"{name}.bad"))) & SECURITY == rules
    assert hits(str(fixture_apk_path(f"{name}.good"))) & SECURITY == set()


def test_doors_that_check_what_comes_in_are_open_and_nothing_worse() -> None:
    bad, good = (hits(str(fixture_apk_path(f"inbound.{twin}"))) & SECURITY for twin in ("bad", "good"))

    assert good == {"open-activity", "open-receiver", "open-provider"}
    assert bad - good == {
        "intent-redirection",
        "webview-opens-link-data",
        "webview-opens-data-of-other-apps",
        "provider-opens-any-path",
    }


def test_what_the_manifest_opens_is_found_and_the_careful_twin_is_not_accused() -> None:
    bad, good = (hits(str(fixture_apk_path(f"surface.{twin}"))) for twin in ("bad", "good"))

    assert good == set()
    assert bad == {
        "web-link-not-verified",
        "component-guard-undefined",
        "component-guard-for-everyone",
        "provider-shares-whole-file-system",
        "joins-task-of-other-app",
        "queries-many-packages",
        "permission-name-misspelt",
    }


def test_the_full_profile_is_silent_on_the_clean_app() -> None:
    assert hits(str(fixture_apk_path("clean"))) == set()


@pytest.mark.parametrize("name", ["apidemos", "appium-settings", "pocoservice"])
def test_no_verdict_of_a_real_package_is_worse_than_its_clause_allows(name: str) -> None:
    pack = load_pack()
    outcome = assess(
        collect(str(corpus_path(name))), pack, profile(pack, "app-full"), now=NOW, tool_version="test"
    )
    limits = {clause.id: clause.limit for clause in pack.clauses().values()}

    verdicts = [clause for instrument in outcome.instruments for clause in instrument.clauses]
    assert len(verdicts) > 300
    assert [c.clause for c in verdicts if c.verdict.rank < limits[c.clause].rank] == []


def components(**component: Any) -> Facts:
    whole = {"kind": "service", "name": "cn.example.Part", "exported": True, **component}
    return example_facts({"app": {"components": [whole]}}, "app")


@pytest.mark.parametrize(
    ("component", "is_open"),
    [
        ({}, True),
        ({"exported": False}, False),
        ({"enabled": False}, False),
        ({"permission": "cn.example.USE"}, False),
        ({"actions": ["cn.example.DO"]}, True),
        ({"actions": ["android.media.browse.MediaBrowserService"]}, False),
        ({"actions": ["android.intent.action.BOOT_COMPLETED", "cn.example.DO"]}, True),
        ({"kind": "activity"}, True),
        ({"kind": "activity", "launcher": True}, False),
        ({"kind": "activity", "actions": ["android.intent.action.VIEW"]}, False),
        ({"kind": "activity", "name": "cn.example.wxapi.WXEntryActivity"}, False),
        ({"kind": "provider"}, True),
        ({"kind": "provider", "read_permission": "cn.example.READ"}, True),
        ({"kind": "provider", "read_permission": "cn.example.R", "write_permission": "cn.example.W"}, False),
    ],
)
def test_open_component(component: dict[str, Any], is_open: bool) -> None:
    kinds = {"kinds": ["activity", "service", "receiver", "provider"]}

    truth, matches, _ = predicates.run("open-component", components(**component), kinds)

    assert truth is is_open
    assert len(matches) == int(is_open)


def test_components_not_read_are_not_called_closed() -> None:
    facts = components(exported=False)
    gap = Gap(
        path="app.components", code="not-read", reason=Text(zh="清单不可读", en="manifest not readable")
    )
    for unread in (facts.model_copy(update={"gaps": (gap,)}), facts.model_copy(update={"looked": ()})):
        truth, _, reasons = predicates.run("open-component", unread, {"kinds": ["service"]})

        assert truth is None
        assert reasons
