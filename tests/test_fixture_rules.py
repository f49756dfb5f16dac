"""The rules on whole packages: each bad twin is found, each good twin is not accused of it, the clean app of nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner.assess import assess
from scanner.collect import collect
from scanner.context import CollectOptions
from scanner.facts import Facts
from scanner.model import Assessment, Outcome, Verdict
from scanner.packload import load_pack, profile

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PAIRS = {
    "account-deletion": "no-account-deletion",
    "android-id": "android-id-before-consent",
    "call-log": "contacts-before-consent",
    "clipboard": "clipboard-read-on-foreground",
    "complaint-channel": "no-complaint-channel",
    "consent-checkbox": "agreement-ticked-by-default",
    "consent-implied": "implied-consent-wording",
    "consent-no-reject": "agree-only-dialog",
    "consent-tick-code": "agreement-ticked-by-default",
    "consent-withdrawal": "no-withdrawal-route",
    "contacts": "contacts-before-consent",
    "device-id": "imei-before-consent",
    "endpoint-overseas": "own-code-sends-to-overseas-service",
    "installed-apps": "reads-installed-apps",
    "location": "location-before-consent",
    "location-background": "background-location-permission",
    "location-frequent": "frequent-location-updates",
    "mac-address": "mac-address-before-consent",
    "multidex": "imei-before-consent",
    "oaid": "advertising-id-before-consent",
    "foreground-location": "location-by-foreground-service",
    "obfuscated": "imei-before-consent",
    "permission-batch": "many-permissions-in-one-request",
    "permission-purpose": "permission-request-without-purpose",
    "permission-unused": "sensitive-permission-never-used",
    "personalisation-switch": "recommendation-without-switch",
    "policy-missing": "no-privacy-policy",
    "provider-autoinit": "sdk-started-before-consent",
    "reflection-id": "imei-before-consent",
    "sdk-init": "sdk-started-before-consent",
    "sms": "contacts-before-consent",
    "startup-flag": "sdk-start-behind-unrelated-flag",
    "startup-initializer": "sdk-started-before-consent",
    "startup-lifecycle": "sdk-started-on-first-screen",
    "startup-reflection": "sdk-started-before-consent",
    "startup-screen": "sdk-started-on-first-screen",
    "target-sdk-low": "target-sdk-below-23",
    "text-unused": "no-account-deletion",
    "wifi-scan": "wifi-info-before-consent",
}
REAL = ["apidemos", "appium-settings", "appium-uia2-server", "yosemite", "pocoservice"]


@cache
def collected(path: str) -> Facts:
    return collect(path)


@cache
def assessed(path: str, chosen: str = "app-pi") -> Assessment:
    pack = load_pack()
    return assess(collected(path), pack, profile(pack, chosen), now=NOW, tool_version="test")


def hits(name: str) -> set[str]:
    results = assessed(str(fixture_apk_path(name))).evaluation.results
    assert not [r for r in results if r.outcome is Outcome.ERROR]
    return {r.rule for r in results if r.outcome is Outcome.HIT}


@pytest.mark.parametrize(("name", "rule"), PAIRS.items())
def test_bad_twin_is_found_and_good_twin_is_not(name: str, rule: str) -> None:
    assert rule in hits(f"{name}.bad")
    assert rule not in hits(f"{name}.good")


# Rules that need the app's category: bad and good twin assessed as a tool for notes.
CATEGORY_PAIRS = {
    "contacts": "sensitive-permission-outside-category",
    "location-background": "sensitive-permission-outside-category",
    "sdk-permission": "sensitive-permission-for-sdk-only",
    "permission-batch": "permission-requested-never-used",
}


def hits_in_category(name: str) -> set[str]:
    pack = load_pack()
    facts = collect(fixture_apk_path(name), CollectOptions(category="实用工具类"))
    results = assess(facts, pack, profile(pack, "app-full"), now=NOW, tool_version="test").evaluation.results
    assert not [r for r in results if r.outcome is Outcome.ERROR]
    return {r.rule for r in results if r.outcome is Outcome.HIT}


@pytest.mark.parametrize(("name", "rule"), CATEGORY_PAIRS.items())
def test_bad_twin_is_found_in_its_category_and_good_twin_is_not(name: str, rule: str) -> None:
    assert rule in hits_in_category(f"{name}.bad")
    assert rule not in hits_in_category(f"{name}.good")


def test_the_clean_app_is_silent_in_its_category_too() -> None:
    assert hits_in_category("clean") == set()


def test_a_permission_that_reflection_may_use_is_not_called_unused() -> None:
    results = assessed(str(fixture_apk_path("indirect.bad"))).evaluation.results
    outcomes = {r.rule: r.outcome for r in results}

    assert outcomes["permission-requested-never-used"] is Outcome.UNKNOWN
    assert outcomes["permission-never-used"] is not Outcome.HIT


def test_a_dialog_that_only_agrees_is_told_from_one_with_a_choice() -> None:
    assert "consent-dialog-without-refusal" in hits("consent-no-reject.bad")
    assert "consent-dialog-without-refusal" not in hits("consent-no-reject.good")


def test_a_flag_whose_meaning_is_not_known_neither_clears_nor_accuses() -> None:
    results = {
        r.rule: r.outcome
        for r in assessed(str(fixture_apk_path("startup-flag-renamed.bad"))).evaluation.results
    }

    assert results["sdk-started-before-consent"] is Outcome.UNKNOWN
    assert results["imei-before-consent"] is Outcome.UNKNOWN


def test_all_stable_rules_are_silent_on_the_clean_app() -> None:
    assert hits("clean") == set()


@pytest.mark.parametrize("name", REAL)
def test_real_packages_get_a_verdict_and_reason_for_all_31_items(name: str) -> None:
    outcome = assessed(str(corpus_path(name)))
    clauses = outcome.instruments[0].clauses
    limits = {c.id: c.limit for c in load_pack().instruments["CAC-2019-191"].clauses}

    assert len(clauses) == 31
    assert all(clause.reasons for clause in clauses)
    assert all(clause.verdict.rank >= limits[clause.clause].rank for clause in clauses)
    assert not [r for r in outcome.evaluation.results if r.outcome is Outcome.ERROR]
    assert outcome.grade.reasons


@pytest.mark.parametrize(
    "name", [*REAL, "clean", "broken/no-dex", *(f"{name}.bad" for name in sorted(PAIRS))]
)
def test_no_verdict_is_worse_than_its_clause_allows(name: str) -> None:
    path = corpus_path(name) if name in REAL else fixture_apk_path(name)
    limits = {clause.id: clause.limit for clause in load_pack().clauses().values()}

    for chosen in ("app-full", "mlps-2", "mlps-3", "children", "self-check"):
        outcome = assessed(str(path), chosen)
        clauses = [c for instrument in outcome.instruments for c in instrument.clauses]
        assert [c.clause for c in clauses if c.verdict.rank < limits[c.clause].rank] == []
        assert not [r for r in outcome.evaluation.results if r.outcome is Outcome.ERROR]
        assert all(c.reasons for c in clauses)


# Stable rules that hit the clean package, each with the reason why that is right; none does.
KNOWN_EXCEPTIONS: dict[str, str] = {}


@pytest.mark.parametrize(
    "chosen", ["app-pi", "app-full", "mlps-2", "mlps-3", "children", "self-check", "ci-fast"]
)
def test_every_profile_is_silent_on_the_clean_app_but_for_known_exceptions(chosen: str) -> None:
    results = assessed(str(fixture_apk_path("clean")), chosen).evaluation.results

    assert {r.rule for r in results if r.outcome is Outcome.HIT} == set(KNOWN_EXCEPTIONS)


@pytest.mark.parametrize("name", ["broken/no-dex", "broken/dex-random", "broken/dex-wrong-offsets"])
def test_unread_code_never_ends_in_compliance_or_absence(name: str) -> None:
    outcome = assessed(str(fixture_apk_path(name)))

    verdicts = {clause.clause: clause.verdict for clause in outcome.instruments[0].clauses}
    assert verdicts["CAC-2019-191-3-1"] is Verdict.MANUAL
    assert Verdict.COMPLIANT not in verdicts.values()
