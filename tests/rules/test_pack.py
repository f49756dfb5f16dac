"""The shipped pack as a whole: enough rules, nothing uncovered, every limit kept, profiles, drafts, overlays, bad input."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.explain import explain, write_reference
from reports.schema import PACK_SCHEMAS, schema
from scanner import catalogue
from scanner.assess import assess, clause_verdict, control_verdict, selected_clauses
from scanner.conditions import FactIndex
from scanner.datafiles import read_data
from scanner.errors import PackError
from scanner.evaluate import selected_rules
from scanner.examples import example_facts, rule_examples
from scanner.facts import Facts
from scanner.grade import grade_controls
from scanner.model import (
    Confidence,
    ControlResult,
    Evidence,
    FileLocator,
    Finding,
    Outcome,
    RuleResult,
    Severity,
    Text,
    Verdict,
)
from scanner.packload import DRAFTS, load_pack, profile, profile_for
from scanner.rulepack import Clause, Condition, Surface, coverage

ROOT = Path(__file__).resolve().parents[2]
PACK = load_pack()
KINDS: tuple[Surface, ...] = ("app", "site", "policy")
STABLE = [rule for rule in PACK.rules.values() if rule.status == "stable"]
NOW = datetime(2026, 11, 24, tzinfo=UTC)
WORD = Text(zh="字", en="word")
PROOF = Evidence(artifact="a", locator=FileLocator(path="a"))


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


# --- the engine on the whole pack -------------------------------------------------------------------------


def result(rule: str, outcome: Outcome) -> RuleResult:
    finding = Finding(rule=rule, fingerprint="f", evidence=(PROOF,), evidence_total=1)
    return RuleResult(
        rule=rule,
        outcome=outcome,
        findings=(finding,) if outcome is Outcome.HIT else (),
        reasons=() if outcome in {Outcome.HIT, Outcome.CLEAR} else (WORD,),
    )


def facts_of(kind: Surface) -> Facts:
    fragment: dict[str, Any] = {kind: {}, "subject": {"kind": kind, "name": "x", "identifier": "x"}}
    fragment["policy"] = {}
    return example_facts(fragment, kind)


FACTS = {kind: FactIndex(facts_of(kind)) for kind in KINDS}
BY_CLAUSE: dict[str, list[str]] = {}
for _control in PACK.controls.values():
    for _clause in _control.clauses:
        BY_CLAUSE.setdefault(_clause, []).append(_control.id)
JUDGED = [
    c for c in PACK.clauses().values() if c.scope and any(PACK.controls[k].rules for k in BY_CLAUSE[c.id])
]
OUTCOMES = st.sampled_from(list(Outcome))


def verdict(clause: Clause, outcomes: dict[str, Outcome], kind: Surface, order: Sequence[str]) -> Verdict:
    index = FACTS[kind]
    results = {name: result(name, outcomes[name]) for name in outcomes}
    controls = [
        control_verdict(
            PACK.controls[name].model_copy(update={"applies_when": None}),
            [clause],
            PACK.rules,
            results,
            index,
        )
        for name in order
    ]
    return clause_verdict(clause.model_copy(update={"applies_when": None}), controls, index).verdict


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_outcome_of_rules_exceeds_a_limit_worsens_by_less_or_calls_unknown_compliant(
    data: st.DataObject,
) -> None:
    clause = data.draw(st.sampled_from(JUDGED))
    kind = data.draw(st.sampled_from(clause.scope))
    order = BY_CLAUSE[clause.id]
    names = sorted({rule for name in order for rule in PACK.controls[name].rules})
    outcomes = {name: data.draw(OUTCOMES) for name in names}

    before = verdict(clause, outcomes, kind, order)

    assert before.rank >= clause.limit.rank
    assert verdict(clause, outcomes, kind, list(reversed(order))) is before
    more = {**outcomes, data.draw(st.sampled_from(names)): Outcome.HIT}
    assert verdict(clause, more, kind, order).rank <= before.rank
    concerned = [
        PACK.rules[n]
        for name in order
        for n in PACK.controls[name].rules
        if kind in PACK.controls[name].surfaces and PACK.rules[n].surface in {kind, "policy"}
    ]
    if any(outcomes[r.id] in {Outcome.UNKNOWN, Outcome.ERROR} for r in concerned):
        assert before is not Verdict.COMPLIANT


HITTABLE = sorted({rule for control in PACK.controls.values() for rule in control.rules})


def score(hits: set[str]) -> int:
    controls = [
        ControlResult(
            control=control.id,
            verdict=Verdict.SUSPECTED if hits.intersection(control.rules) else Verdict.MANUAL,
            row=4,
            reasons=(WORD,),
            hits=tuple(rule for rule in control.rules if rule in hits),
        )
        for control in PACK.controls.values()
    ]
    return grade_controls(
        controls=controls,
        severity_of={rule.id: rule.severity for rule in PACK.rules.values()},
        clauses=[],
        limits={},
        titles={control.id: control.title for control in PACK.controls.values()},
        clauses_of={control.id: control.clauses for control in PACK.controls.values()},
        coverage=coverage([], PACK, "app"),
        grading=PACK.grading,
    ).score


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(HITTABLE), max_size=12), st.sampled_from(HITTABLE))
def test_one_more_hit_never_raises_the_score(hits: set[str], more: str) -> None:
    assert score({*hits, more}) <= score(hits)


def test_a_fault_seen_from_several_controls_costs_once() -> None:
    users = [c.id for c in PACK.controls.values() if "reads-installed-apps" in c.rules]
    points = PACK.grading.deduct[Verdict.SUSPECTED][PACK.rules["reads-installed-apps"].severity]

    assert len(users) > 1
    assert score({"reads-installed-apps"}) == 100 - points


def test_a_control_for_apps_and_sites_with_rules_for_sites_only_leaves_apps_to_a_human() -> None:
    control = PACK.controls["filing-number-shown"]
    results = {name: result(name, Outcome.NOT_APPLICABLE) for name in control.rules}

    on_app = control_verdict(control, [PACK.clause("APPICP-2")], PACK.rules, results, FACTS["app"])

    assert on_app.verdict is Verdict.MANUAL
    assert on_app.reasons == (control.why,)


def test_a_clause_for_one_category_does_not_speak_of_another() -> None:
    pack, chosen = PACK, profile(PACK, "self-check")
    news = example_facts({"app": {"category": "news"}}, "app")
    unknown = example_facts({"app": {}}, "app")

    def verdicts(facts: Facts) -> dict[str, Verdict]:
        outcome = assess(facts, pack, chosen, now=NOW, tool_version="test")
        return {c.clause: c.verdict for i in outcome.instruments for c in i.clauses}

    assert verdicts(news)["CAC-2021-14-5-30"] is Verdict.MANUAL
    assert verdicts(news)["CAC-2021-14-5-06"] is Verdict.NOT_APPLICABLE
    assert verdicts(unknown)["CAC-2021-14-5-06"] is Verdict.MANUAL


def test_a_policy_alone_is_judged_only_by_what_a_policy_shows() -> None:
    facts = example_facts({"policy": {"identity": {"kind": "privacy_policy", "confidence": 1.0}}}, "policy")

    outcome = assess(facts, PACK, profile_for(PACK, "policy"), now=NOW, tool_version="test")

    by_clause = {c.clause: c for i in outcome.instruments for c in i.clauses}
    assert by_clause["CAC-2019-191-3-1"].verdict is Verdict.NOT_APPLICABLE
    assert by_clause["PIPL-17"].verdict is Verdict.MANUAL
    assert not [r for r in outcome.evaluation.results if r.outcome is Outcome.ERROR]


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


# --- editors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("rule", "checks/**/*.yaml"),
        ("controls", "controls/*.yaml"),
        ("instrument", "instruments/*.yaml"),
        ("profile", "profiles/*.yaml"),
        ("grading", "grading.yaml"),
    ],
)
def test_files_fit_the_schema_their_first_line_names(name: str, pattern: str) -> None:
    validator = jsonschema.Draft202012Validator(schema(f"{name}.schema.json"))
    paths = sorted((ROOT / "rules").glob(pattern))

    assert paths
    assert f"{name}.schema.json" in PACK_SCHEMAS
    for path in paths:
        text = path.read_text(encoding="utf-8")
        hint = text.partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / hint).resolve() == ROOT / "docs" / "schema" / f"{name}.schema.json", path
        content = json.loads(json.dumps(yaml.safe_load(text), default=str))
        assert [error.message for error in validator.iter_errors(content)] == [], path


# --- words that collectors write --------------------------------------------------------------------------


def words() -> dict[str, set[str]]:
    """The values that collectors can write into the fields rules test, from the data that defines them."""
    patterns = {entry["kind"] for (content,) in [read_data("patterns")] for entry in content["patterns"]}
    (elements,) = read_data("policy_elements")
    (wording,) = read_data("policy_wording")
    (exposure,) = read_data("exposure")
    parties, interfaces = (
        yaml.safe_load((ROOT / f"rules/data/web/{n}.yaml").read_bytes()) for n in ("parties", "interfaces")
    )
    return {
        "app.issues.kind": patterns | written("app") | {"exit-after-denial"},
        "app.texts.kind": {
            entry["kind"] for (content,) in [read_data("texts")] for entry in content["texts"]
        },
        "policy.elements.id": {entry["id"] for entry in elements["elements"]},
        "policy.issues.kind": {entry["kind"] for entry in wording["kinds"]},
        "site.script_uses.api": {entry["api"] for entry in interfaces["interfaces"]},
        "site.third_parties.category": {c for entry in parties["parties"] for c in entry["domains"]}
        | {"unknown"},
        "site.weaknesses.kind": {e["kind"] for e in exposure["paths"]}
        | set(exposure["pages"])
        | written("site"),
    }


def written(part: str) -> set[str]:
    """The hyphenated words that the code of a collector contains as whole strings."""
    text = "\n".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "scanner" / "collect" / part).glob("*.py")
    )
    return set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', text))


def compared(condition: Condition, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every (field, value) that ``condition`` compares with, field paths joined through lists."""
    for child in (*(condition.all or ()), *(condition.any or ()), condition.not_):
        if child is not None:
            yield from compared(child, prefix)
    for path in (condition.some, condition.none):
        if path is not None and condition.where is not None:
            yield from compared(condition.where, f"{prefix}{path}.")
    if condition.fact is not None:
        for value in (
            condition.in_ or condition.overlaps or ((condition.is_,) if condition.is_ is not None else ())
        ):
            if isinstance(value, str):
                yield prefix + condition.fact, value


def test_every_word_a_rule_waits_for_is_one_that_collectors_write() -> None:
    known = words()
    items = set(catalogue.items())
    item_fields = {"item", "collects", "sends", "sends_items"}
    seen = set()
    for rule in STABLE:
        for condition in (rule.applies_when, rule.hit_when):
            for path, value in compared(condition) if condition is not None else ():
                if path in known:
                    seen.add(path)
                    assert value in known[path], (rule.id, path, value)
                if path.rpartition(".")[2] in item_fields:
                    assert value in items, (rule.id, path, value)
    assert seen == known.keys()


def test_parts_of_elements_are_those_of_the_data() -> None:
    (elements,) = read_data("policy_elements")
    parts = {part["id"] for entry in elements["elements"] for part in entry["parts"]}
    for rule in STABLE:
        for path, value in compared(rule.hit_when):
            if path == "policy.elements.missing":
                assert value in parts, (rule.id, value)


# --- documentation ----------------------------------------------------------------------------------------


def test_reference_has_a_page_for_every_rule_and_instrument_and_an_index_that_finds_them() -> None:
    pages = write_reference(PACK)

    assert {f"{rule}.md" for rule in PACK.rules} <= pages.keys()
    for instrument in PACK.instruments.values():
        page = pages[f"instruments/{instrument.id.lower()}.md"]
        assert "## 覆盖情况" in page
        assert all(clause.number in page for clause in instrument.clauses)
    start = pages["search.html"].index('id="d">') + len('id="d">')
    entries = json.loads(pages["search.html"][start : pages["search.html"].index("</script>", start)])
    assert len(entries) == len(PACK.rules) + len(PACK.controls) + len(PACK.clauses())
    assert {href.partition("#")[0] for href, *_ in entries} <= pages.keys()


def test_a_rule_is_explained_in_the_terminal_as_on_its_page() -> None:
    rule = PACK.rules["site-password-over-http"]
    text = explain(PACK, "gj-w601", "zh")

    assert text == write_reference(PACK)[f"{rule.id}.md"]
    for part in (
        rule.message.zh,
        rule.why.zh,
        rule.fix.zh,
        rule.false_positives[0].zh,
        "password: true",
        "第五十一条",
    ):
        assert part in text
