"""The verdict table, limits, roll-up and grade, row by row and as properties."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess import assess, clause_verdict, control_verdict
from scanner.conditions import FactIndex
from scanner.examples import example_facts
from scanner.model import (
    VERDICT_ORDER,
    ControlResult,
    Decision,
    Evidence,
    FileLocator,
    Finding,
    Outcome,
    RuleResult,
    Severity,
    Text,
    Verdict,
)
from scanner.packload import load_pack, profile
from scanner.rulepack import Clause, Control, Rule

FACTS = example_facts({"app": {}}, "app")
INDEX = FactIndex(FACTS)
WORD = Text(zh="字", en="word")
FINDING = Finding(
    rule="r",
    fingerprint="f",
    evidence=(Evidence(artifact="a", locator=FileLocator(path="a")),),
    evidence_total=1,
)


def rule(name: str, confidence: str = "firm") -> Rule:
    return Rule.model_validate(
        {
            "id": name,
            "code": "GJ-T001",
            "title": WORD,
            "status": "stable",
            "surface": "app",
            "severity": "high",
            "confidence": confidence,
            "basis": ["c"],
            "why": WORD,
            "message": WORD,
            "fix": WORD,
            "hit_when": {"fact": "app.category", "is": "x"},
            "false_positives": [WORD],
        }
    )


def control(rules: list[str], automation: str = "partial", **more: Any) -> Control:
    word = WORD.model_dump()
    manual = {"steps": [word], "keep": [word], "minutes": 5}
    return Control.model_validate(
        {"id": "k", "title": WORD, "clauses": ["c"], "rules": rules, "automation": automation, "why": WORD}
        | ({} if automation == "full" else {"manual": manual})
        | more
    )


def clause(limit: Verdict = Verdict.VIOLATION, **more: Any) -> Clause:
    base = {
        "id": "c",
        "number": "1",
        "title": WORD,
        "text": "t",
        "text_kind": "exact",
        "verified": "from-memory",
    }
    return Clause.model_validate(base | {"limit": limit} | more)


def verdict(
    outcomes: dict[str, Outcome],
    *,
    automation: str = "partial",
    certain: tuple[str, ...] = (),
    limit: Verdict = Verdict.VIOLATION,
    decision: Decision | None = None,
) -> ControlResult:
    names = list(outcomes)
    rules = {name: rule(name, "certain" if name in certain else "firm") for name in names}
    results = {
        name: RuleResult(
            rule=name,
            outcome=outcome,
            findings=(FINDING,) if outcome is Outcome.HIT else (),
            reasons=() if outcome in {Outcome.HIT, Outcome.CLEAR} else (WORD,),
        )
        for name, outcome in outcomes.items()
    }
    kind = automation if names else "manual"
    return control_verdict(control(names, kind), [clause(limit)], rules, results, INDEX, decision)


DECISION = Decision(
    control="k",
    subject="com.example.app",
    verdict=Verdict.COMPLIANT,
    who="张三",
    when=date(2026, 1, 2),
    why="已实测",
)


@pytest.mark.parametrize(
    ("outcomes", "options", "row", "expected"),
    [
        ({"a": Outcome.HIT}, {"decision": DECISION, "certain": ("a",)}, 1, Verdict.COMPLIANT),
        ({"a": Outcome.NOT_APPLICABLE}, {"automation": "full"}, 2, Verdict.NOT_APPLICABLE),
        ({"a": Outcome.NOT_APPLICABLE}, {}, 5, Verdict.MANUAL),
        ({"a": Outcome.HIT, "b": Outcome.CLEAR}, {"certain": ("a",)}, 3, Verdict.VIOLATION),
        ({"a": Outcome.HIT}, {"certain": ("a",), "limit": Verdict.SUSPECTED}, 4, Verdict.SUSPECTED),
        ({"a": Outcome.HIT, "b": Outcome.UNKNOWN}, {}, 4, Verdict.SUSPECTED),
        ({"a": Outcome.CLEAR, "b": Outcome.UNKNOWN}, {"automation": "full"}, 5, Verdict.MANUAL),
        ({"a": Outcome.ERROR}, {"automation": "full"}, 5, Verdict.MANUAL),
        ({}, {}, 5, Verdict.MANUAL),
        ({"a": Outcome.CLEAR}, {"automation": "full"}, 6, Verdict.COMPLIANT),
        ({"a": Outcome.CLEAR, "b": Outcome.NOT_APPLICABLE}, {}, 7, Verdict.MANUAL),
    ],
)
def test_verdict_table(
    outcomes: dict[str, Outcome], options: dict[str, Any], row: int, expected: Verdict
) -> None:
    result = verdict(outcomes, **options)

    assert (result.row, result.verdict) == (row, expected)
    assert result.reasons


OUTCOMES = st.dictionaries(st.sampled_from("abcde"), st.sampled_from(list(Outcome)), max_size=5)
AUTOMATION = st.sampled_from(["full", "partial"])


@given(OUTCOMES, AUTOMATION, st.booleans())
def test_adding_a_hit_never_improves_a_verdict(
    outcomes: dict[str, Outcome], automation: str, certain: bool
) -> None:
    more = {**outcomes, "z": Outcome.HIT}

    before = verdict(outcomes, automation=automation)
    after = verdict(more, automation=automation, certain=("z",) if certain else ())

    if before.verdict is not Verdict.NOT_APPLICABLE:
        assert after.verdict.rank <= before.verdict.rank
    assert after.verdict.rank <= Verdict.SUSPECTED.rank


@given(OUTCOMES, AUTOMATION, st.randoms())
def test_order_of_rules_does_not_matter(outcomes: dict[str, Outcome], automation: str, random: Any) -> None:
    shuffled = list(outcomes.items())
    random.shuffle(shuffled)

    assert (
        verdict(outcomes, automation=automation).verdict
        is verdict(dict(shuffled), automation=automation).verdict
    )


@given(OUTCOMES, AUTOMATION, st.sampled_from([Outcome.UNKNOWN, Outcome.ERROR]))
def test_unknown_never_becomes_compliant(outcomes: dict[str, Outcome], automation: str, bad: Outcome) -> None:
    assert verdict({**outcomes, "z": bad}, automation=automation).verdict is not Verdict.COMPLIANT


def result(value: Verdict, name: str = "k") -> ControlResult:
    return ControlResult(control=name, verdict=value, row=4, reasons=(WORD,))


@given(st.lists(st.sampled_from(VERDICT_ORDER), min_size=1, max_size=4), st.sampled_from(VERDICT_ORDER))
def test_clause_is_the_worst_control_within_its_limit(values: list[Verdict], limit: Verdict) -> None:
    controls = [result(value, str(i)) for i, value in enumerate(values)]

    outcome = clause_verdict(clause(limit), controls, INDEX)

    assert outcome.verdict.rank >= limit.rank or outcome.verdict.rank >= min(v.rank for v in values)
    assert outcome.verdict.rank == max(min(v.rank for v in values), limit.rank) or all(
        v.rank > limit.rank for v in values
    )


def test_human_decision_is_not_capped() -> None:
    decided = result(Verdict.VIOLATION).model_copy(update={"decision": DECISION})

    assert clause_verdict(clause(Verdict.MANUAL), [decided], INDEX).verdict is Verdict.VIOLATION


def test_clause_out_of_scope_or_without_control() -> None:
    outside = clause(scope=(), reason=WORD)

    assert clause_verdict(outside, [result(Verdict.VIOLATION)], INDEX).verdict is Verdict.NOT_APPLICABLE
    assert clause_verdict(clause(), [], INDEX).verdict is Verdict.MANUAL


@pytest.mark.parametrize(
    ("change", "used"),
    [
        ({}, True),
        ({"until": date(2025, 12, 31)}, False),
        ({"subject": "com.example.other"}, False),
        ({"when": date(2027, 1, 1)}, False),
    ],
)
def test_decisions_expire_and_belong_to_one_subject(change: dict[str, Any], used: bool) -> None:
    pack = load_pack()
    chosen = profile(pack, "app-pi")
    name = next(
        c.id for c in pack.controls.values() if set(c.clauses) & set(_clause_ids(pack, chosen.instruments))
    )
    decision = DECISION.model_copy(update={"control": name, **change})

    outcome = assess(
        FACTS, pack, chosen, now=datetime(2026, 6, 1, tzinfo=UTC), tool_version="t", decisions=[decision]
    )

    found = next(c for c in outcome.controls if c.control == name)
    assert (found.decision is not None) is used


def _clause_ids(pack: Any, instruments: tuple[str, ...]) -> list[str]:
    return [clause.id for name in instruments for clause in pack.instruments[name].clauses]


def test_assessment_of_empty_facts_round_trips_and_claims_nothing() -> None:
    pack = load_pack()
    empty = FACTS.model_copy(update={"looked": ()})

    outcome = assess(
        empty, pack, profile(pack, "app-pi"), now=datetime(2026, 6, 1, tzinfo=UTC), tool_version="t"
    )

    assert type(outcome).model_validate_json(outcome.model_dump_json()) == outcome
    verdicts = {clause.verdict for instrument in outcome.instruments for clause in instrument.clauses}
    assert Verdict.VIOLATION not in verdicts
    assert Verdict.COMPLIANT not in verdicts


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(VERDICT_ORDER), st.integers(0, 40))
def test_grade_is_bounded_and_never_rises_with_worse_verdicts(worse: Verdict, count: int) -> None:
    from scanner.grade import grade_controls
    from scanner.model import Coverage

    grading = load_pack().grading
    cover = Coverage(clauses=0, in_scope=0, full=0, partial=0, manual=0, uncovered=0, tested=0)

    def grade(verdicts: list[Verdict]) -> Any:
        results = [result(v, str(i)).model_copy(update={"hits": (str(i),)}) for i, v in enumerate(verdicts)]
        return grade_controls(
            controls=results,
            severity_of={str(i): Severity.HIGH for i in range(len(verdicts))},
            clauses=[],
            limits={},
            titles={str(i): WORD for i in range(len(verdicts))},
            clauses_of={str(i): () for i in range(len(verdicts))},
            coverage=cover,
            grading=grading,
        )

    base, other = grade([Verdict.COMPLIANT] * count), grade([worse] * count)

    assert 0 <= other.score <= base.score == 100


def test_the_reasons_for_a_grade_add_up_and_name_what_costs_nothing() -> None:
    from scanner.grade import grade_controls
    from scanner.model import Coverage

    verdicts = {"wide": Verdict.SUSPECTED, "narrow": Verdict.SUSPECTED, "capped": Verdict.SUSPECTED}
    verdicts |= {"small": Verdict.SUSPECTED, "quiet": Verdict.MANUAL}
    hits = {"wide": ("a",), "narrow": ("a",), "capped": ("b",), "small": ("c",), "quiet": ()}
    clauses = {"wide": ("x", "y"), "narrow": ("x",), "capped": ("z",), "small": ("x",), "quiet": ("x",)}
    grade = grade_controls(
        controls=[result(v, k).model_copy(update={"hits": hits[k]}) for k, v in verdicts.items()],
        severity_of={"a": Severity.HIGH, "b": Severity.HIGH, "c": Severity.LOW},
        clauses=[],
        limits={"x": Verdict.VIOLATION, "y": Verdict.VIOLATION, "z": Verdict.MANUAL},
        titles={k: Text(zh=f"控制点 {k}", en=k) for k in verdicts},
        clauses_of=clauses,
        coverage=Coverage(clauses=0, in_scope=0, full=0, partial=0, manual=0, uncovered=0, tested=0),
        grading=load_pack().grading,
    )

    assert grade.score == 90
    assert [reason.zh for reason in grade.reasons] == [
        "等级按得分划分：90 分以上为优，75 分以上为良，60 分以上为中，其余为差；90 分为“优”",
        "控制点 wide：疑似（严重程度高），扣 8 分",
        "控制点 small：疑似（严重程度低），扣 1.5 分",
        "合计扣 9.5 分，100 − 9.5 = 90.5，按“四舍六入五成双”取整为 90 分",
        "所据问题已计入上列控制点、不重复扣分的：控制点 narrow（疑似）",
        "按条款的结论上限只到“需人工核查”、不扣分的：控制点 capped（需人工核查）",
    ]
