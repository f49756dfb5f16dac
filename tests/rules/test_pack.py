"""The shipped pack as a whole: enough rules, nothing uncovered, every limit kept, profiles, drafts, overlays, bad input."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from scanner.assess import assess, selected_clauses
from scanner.errors import PackError
from scanner.evaluate import selected_rules
from scanner.examples import rule_examples
from scanner.model import (
    Confidence,
    Severity,
    Verdict,
)
from scanner.packload import DRAFTS, load_pack, profile, profile_for
from scanner.rulepack import Surface, coverage

ROOT = Path(__file__).resolve().parents[2]
PACK = load_pack()
KINDS: tuple[Surface, ...] = ("app", "site", "policy")
STABLE = [rule for rule in PACK.rules.values() if rule.status == "stable"]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_at_least_180_stable_rules_see_apps_sites_and_policies() -> None:
    count = Counter(rule.surface for rule in STABLE)

    assert len(STABLE) >= 180
    assert count["app"] >= 75
    assert count["site"] >= 55
    assert count["policy"] >= 45


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_scope_is_uncovered_and_what_is_manual_has_a_procedure(kind: Surface) -> None:
    by_clause: dict[str, list[str]] = {}
    for control in PACK.controls.values():
        for clause in control.clauses:
            by_clause.setdefault(clause, []).append(control.id)
    for instrument in PACK.instruments.values():
        found = coverage(instrument.clauses, PACK, kind)
        assert found.uncovered == 0, instrument.id
        assert found.full + found.partial + found.manual == found.in_scope
        for clause in instrument.clauses:
            if kind in clause.scope:
                controls = [
                    PACK.controls[c] for c in by_clause[clause.id] if kind in PACK.controls[c].surfaces
                ]
                assert any(control.manual for control in controls), clause.id


def test_coverage_counts_only_what_can_run_on_the_kind() -> None:
    clauses = [PACK.clause("PIPL-14")]

    assert coverage(clauses, PACK, "site").partial == 1
    assert coverage([PACK.clause("IIS-292-12")], PACK, "app").in_scope == 0
    assert coverage([PACK.clause("APPICP-2")], PACK, "app").manual == 1


def test_a_clause_that_a_scanner_may_judge_has_a_rule_or_a_reason_of_its_own() -> None:
    reasons = Counter(control.why for control in PACK.controls.values())
    serving: dict[str, list[str]] = {}
    for control in PACK.controls.values():
        for clause_id in control.clauses:
            serving.setdefault(clause_id, []).append(control.id)
    for clause in PACK.clauses().values():
        if not clause.scope or clause.limit.rank > Verdict.SUSPECTED.rank:
            continue
        controls = [PACK.controls[name] for name in serving[clause.id]]
        if not any(control.rules for control in controls):
            assert [c.id for c in controls if reasons[c.why] > 1] == [], clause.id


def test_codes_titles_and_messages_are_unique() -> None:
    for field in ("code", "title", "message"):
        values = Counter(getattr(rule, field) for rule in STABLE)
        assert [value for value, number in values.items() if number > 1] == [], field


def test_every_phrase_a_rule_names_can_be_quoted_in_a_notice() -> None:
    for rule in STABLE:
        phrases = PACK.phrases(rule)
        assert [phrase.id for phrase in phrases] == list(rule.bulletin)
        assert all(phrase.phrase and phrase.en and phrase.authority.zh for phrase in phrases)
    assert {"illegal-collection", "over-scope", "forced-permission"} <= PACK.bulletin.keys()


def test_what_a_policy_says_is_never_called_certain() -> None:
    assert [r.id for r in STABLE if r.surface == "policy" and r.confidence is Confidence.CERTAIN] == []


# --- profiles, dates, drafts, overlays --------------------------------------------------------------------


def test_each_kind_of_subject_has_its_default_profile() -> None:
    assert {kind: profile_for(PACK, kind).id for kind in KINDS} == {
        "app": "app-pi",
        "site": "site",
        "policy": "policy",
    }
    assert profile_for(PACK, "app", "children").id == "children"


def test_default_profile_of_apps_includes_policy_rules() -> None:
    surfaces = Counter(rule.surface for rule in selected_rules(PACK, profile(PACK, "app-pi"), NOW.date()))

    assert surfaces["policy"] >= 45


def test_fast_profile_leaves_out_weak_and_minor_leads() -> None:
    rules = selected_rules(PACK, profile(PACK, "ci-fast"), NOW.date())

    assert rules
    assert {rule.severity for rule in rules} <= {Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM}
    assert Confidence.TENTATIVE not in {rule.confidence for rule in rules}


def test_every_profile_has_rules_and_extends_its_parent() -> None:
    for item in PACK.profiles.values():
        merged = profile(PACK, item.id)
        assert selected_rules(PACK, merged, NOW.date()), item.id
        if item.extends is not None:
            assert set(profile(PACK, item.extends).instruments) <= set(merged.instruments)


def test_the_day_selects_what_was_in_force() -> None:
    chosen = profile(PACK, "app-full")
    before = selected_clauses(PACK, chosen, date(2025, 5, 31))
    after = selected_clauses(PACK, chosen, date(2025, 6, 1))

    assert "FACE-19-4" not in before
    assert "FACE-19-4" in after
    site = profile(PACK, "site")
    assert "site-face-collected" not in {r.id for r in selected_rules(PACK, site, date(2025, 5, 31))}
    assert "site-face-collected" in {r.id for r in selected_rules(PACK, site, date(2025, 6, 1))}


def test_a_clause_that_ends_names_its_successor_or_a_reason() -> None:
    for clause in load_pack([Path(DRAFTS)]).clauses().values():
        if clause.until is not None:
            assert clause.successor in PACK.clauses() or clause.reason is not None


def test_a_region_adds_a_document_without_python() -> None:
    folder = ROOT / "docs" / "examples" / "region-overlay"
    pack = load_pack([folder])
    facts, _ = rule_examples(pack.rules["no-account-deletion"])

    outcome = assess(facts, pack, profile(pack, "example-city"), now=NOW, tool_version="test")

    own = next(i for i in outcome.instruments if i.instrument == "EXAMPLE-CITY")
    assert [c.verdict for c in own.clauses] == [Verdict.SUSPECTED, Verdict.MANUAL]
    assert outcome.instruments[0].instrument == "CAC-2019-191"


BROKEN = {
    "checks/blow-up.yaml": """\
id: blow-up
code: GJ-Z001
title: {zh: 甲, en: a}
status: stable
surface: app
severity: high
confidence: firm
basis: [NO-SUCH-CLAUSE]
message: {zh: 甲, en: a}
why: {zh: 甲, en: a}
fix: {zh: 甲, en: a}
hit_when:
  all:
  - {fact: app.identity.label, matches: '(a+)+$'}
  - {fact: app.no_such_fact, is: true}
  - {fact: site.forms, matches: x}
looked_in: [app.nowhere]
bulletin: [no-such-phrase]
false_positives:
- {zh: 甲, en: a}
""",
    "checks/untyped.yaml": "id: untyped\ncode: GJ-Z002\nstatus: stable\nhit_when: {fact: app.category, at_least: many}\n",
    "controls/gone.yaml": """\
- id: policy-available
  title: {zh: 甲, en: a}
  clauses: [CAC-2019-191-1-1, GONE-1]
  rules: [no-such-rule]
  automation: partial
  why: {zh: 甲, en: a}
  manual:
    steps: [{zh: 甲, en: a}]
    keep: [{zh: 甲, en: a}]
    minutes: 5
""",
    "profiles/loop.yaml": "id: loop\ntitle: {zh: 甲, en: a}\nextends: loop\ndefault_for: [app]\n",
    "instruments/torn.yaml": "id: TORN\ntitle: {zh: 甲\n",
}


def test_every_mistake_of_a_broken_overlay_comes_at_once_with_file_and_line(tmp_path: Path) -> None:
    for name, text in BROKEN.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    with pytest.raises(PackError) as caught:
        load_pack([tmp_path])

    lines = caught.value.text.zh.splitlines()
    for place, words in (
        ("checks/blow-up.yaml:8", "NO-SUCH-CLAUSE"),
        ("checks/blow-up.yaml:13", "repetition inside a repetition"),
        ("checks/blow-up.yaml:13", "no_such_fact"),
        ("checks/blow-up.yaml:13", "matches needs a plain value"),
        ("checks/blow-up.yaml:17", "nowhere"),
        ("checks/blow-up.yaml:18", "no-such-phrase"),
        ("checks/untyped.yaml:4", "valid number"),
        ("checks/untyped.yaml:1", "Field required"),
        ("checks/blow-up.yaml:1", "a bad and a good example"),
        ("controls/gone.yaml:3", "GONE-1"),
        ("controls/gone.yaml:4", "no-such-rule"),
        ("profiles/loop.yaml:3", "circular"),
        ("profiles/loop.yaml:4", "already the default for app"),
        ("instruments/torn.yaml:", "not valid YAML"),
    ):
        assert any(place in line and words in line for line in lines), (place, words, lines)
