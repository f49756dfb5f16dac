"""What the whole pack concludes from any outcome of its rules: no limit exceeded, no score that rises with a hit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess import assess, clause_verdict, control_verdict
from scanner.conditions import FactIndex
from scanner.examples import example_facts
from scanner.facts import Facts
from scanner.grade import grade_controls
from scanner.model import (
    ControlResult,
    Evidence,
    FileLocator,
    Finding,
    Outcome,
    RuleResult,
    Text,
    Verdict,
)
from scanner.packload import load_pack, profile, profile_for
from scanner.rulepack import Clause, Surface, coverage

PACK = load_pack()
KINDS: tuple[Surface, ...] = ("app", "site", "policy")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
WORD = Text(zh="字", en="word")
PROOF = Evidence(artifact="a", locator=FileLocator(path="a"))


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
