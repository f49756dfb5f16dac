"""What a baseline lets pass, and what never does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "reports"))

from report_sample import ASSESSMENT, PACK, PACKAGE

from scanner.gate import Baseline, KnownFinding, compare_baseline, gate_verdict, make_baseline, standings
from scanner.model import Outcome, Verdict

BY_RULE = {r.rule: tuple(f.fingerprint for f in r.findings) for r in ASSESSMENT.evaluation.results}


def known(*rules: str) -> set[str]:
    return {f for rule in rules for f in BY_RULE[rule]}


@pytest.mark.parametrize(
    ("skip", "verdict"),
    [
        (set(), Verdict.VIOLATION),
        (known("certain-hit"), Verdict.SUSPECTED),
        (set(BY_RULE["certain-hit"][:1]), Verdict.VIOLATION),
        (known("certain-hit", "capped-hit"), Verdict.SUSPECTED),
        (known("certain-hit", "capped-hit", "absent-thing"), Verdict.MANUAL),
    ],
)
def test_what_counts_is_what_is_not_known(skip: set[str], verdict: Verdict) -> None:
    assert gate_verdict(ASSESSMENT, PACK, skip) is verdict


def test_a_new_lead_beside_a_known_certain_hit_is_suspected_only() -> None:
    control = ASSESSMENT.controls[0].model_copy(update={"hits": ("certain-hit", "absent-thing")})
    others = tuple(c for c in ASSESSMENT.controls if not c.hits)
    instrument = ASSESSMENT.instruments[0]
    clauses = tuple(
        c for c in instrument.clauses if c.controls[0] in {control.control, *(o.control for o in others)}
    )
    changed = ASSESSMENT.model_copy(
        update={
            "controls": (control, *others),
            "instruments": (instrument.model_copy(update={"clauses": clauses}),),
        }
    )

    assert gate_verdict(changed, PACK, {"0" * 32}) is Verdict.VIOLATION
    assert gate_verdict(changed, PACK, known("certain-hit")) is Verdict.SUSPECTED


def test_an_entry_is_gone_only_when_its_rule_could_look() -> None:
    entries = tuple(
        KnownFinding(fingerprint=f"{n:032x}", rule=rule, subject=PACKAGE)
        for n, rule in enumerate(("quiet-rule", "certain-hit", "broken-rule", "rule-of-yesterday"))
    )
    state = compare_baseline(Baseline(findings=entries), ASSESSMENT)

    assert [e.rule for e in state.gone] == ["quiet-rule", "certain-hit"]
    assert [e.rule for e in state.unchecked] == ["broken-rule", "rule-of-yesterday"]


def test_entries_of_other_subjects_say_nothing() -> None:
    entry = make_baseline([ASSESSMENT]).findings[0].model_copy(update={"subject": "com.other"})

    state = compare_baseline(Baseline(findings=(entry,)), ASSESSMENT)

    assert (state.known, state.gone, state.unchecked) == ((), (), ())


def test_every_hit_has_a_standing_after_the_limits_of_its_clauses() -> None:
    found = standings(ASSESSMENT, PACK)

    assert {rule: s.verdict for rule, s in found.items()} == {
        "certain-hit": Verdict.VIOLATION,
        "capped-hit": Verdict.SUSPECTED,
        "absent-thing": Verdict.SUSPECTED,
    }
    assert {r.rule for r in ASSESSMENT.evaluation.results if r.outcome is Outcome.HIT} == set(found)
