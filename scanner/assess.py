"""findings → assessment: the verdict table, the roll-up to clauses, coverage and grade.  Pure.

The table and its reasons: docs/adr/0002-verdict-table.md.  "Nothing found" ends in 符合 only where a control
declares that its rules exhaust the question; otherwise a human must look (row 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from scanner.conditions import FactIndex, evaluate_condition, unmet
from scanner.decisions import choose, concerns, sort_unused
from scanner.evaluate import SURFACE_NAMES, evaluate, in_force, selected_rules
from scanner.facts import Facts
from scanner.grade import grade_controls
from scanner.model import (
    Assessment,
    ClauseResult,
    Confidence,
    ControlResult,
    Decision,
    InstrumentResult,
    Outcome,
    RuleResult,
    Text,
    UnusedDecision,
    Verdict,
)
from scanner.rulepack import Clause, Control, Pack, Profile, Rule, controls_by_clause, coverage


def assess(
    facts: Facts,
    pack: Pack,
    profile: Profile,
    *,
    now: datetime,
    tool_version: str,
    decisions: Sequence[Decision] = (),
    rejected: Sequence[UnusedDecision] = (),
) -> Assessment:
    """Evaluate ``profile`` on ``facts`` and return verdicts for all its controls and clauses, with a grade.

    ``now`` selects the rules, clauses and decisions in force and is recorded; nothing else depends on time.
    ``rejected`` are decisions whose evidence did not stand; those about this subject are listed with the others that
    do not hold.
    """
    today = now.date()
    rules = selected_rules(pack, profile, today)
    evaluation = evaluate(facts, rules)
    results = {result.rule: result for result in evaluation.results}
    by_id = {rule.id: rule for rule in rules}
    clauses = selected_clauses(pack, profile, today)
    index = FactIndex(facts)
    controls: dict[str, ControlResult] = {}
    selected = {
        c.id: own for c in pack.controls.values() if (own := [clauses[x] for x in c.clauses if x in clauses])
    }
    decided, unused = choose(decisions, facts.subject, selected, today)
    for name, own in selected.items():
        controls[name] = control_verdict(pack.controls[name], own, by_id, results, index, decided.get(name))
    by_clause = controls_by_clause(pack)
    instruments = []
    for name in profile.instruments:
        ids = [clause.id for clause in pack.instruments[name].clauses if clause.id in clauses]
        verdicts = tuple(
            clause_verdict(clauses[c], [controls[k] for k in by_clause.get(c, ()) if k in controls], index)
            for c in ids
        )
        cover = coverage([clauses[c] for c in ids], pack, facts.subject.kind)
        instruments.append(InstrumentResult(instrument=name, clauses=verdicts, coverage=cover))
    total = coverage(list(clauses.values()), pack, facts.subject.kind)
    grade = grade_controls(
        controls=list(controls.values()),
        severity_of={rule.id: rule.severity for rule in rules},
        clauses=[clause for instrument in instruments for clause in instrument.clauses],
        limits={c.id: c.limit for c in clauses.values()},
        titles={control.id: control.title for control in pack.controls.values()},
        clauses_of={control.id: control.clauses for control in pack.controls.values()},
        coverage=total,
        grading=pack.grading,
    )
    return Assessment(
        tool_version=tool_version,
        pack_version=pack.version,
        pack_sha256=pack.sha256,
        profile=profile.id,
        assessed_at=now,
        subject=facts.subject,
        evaluation=evaluation,
        controls=tuple(controls[key] for key in sorted(controls)),
        instruments=tuple(instruments),
        grade=grade,
        unused_decisions=sort_unused(
            [*unused, *(u for u in rejected if concerns(u.decision, facts.subject))]
        ),
    )


def selected_clauses(pack: Pack, profile: Profile, today: date) -> dict[str, Clause]:
    """Return the clauses of ``profile`` in force on ``today``, by id, in order."""
    return {
        clause.id: clause
        for name in profile.instruments
        if (instrument := pack.instruments[name])
        and (profile.include_drafts or not instrument.draft)
        and in_force(instrument.in_force, instrument.until, today)
        for clause in instrument.clauses
        if clause.id not in profile.exclude_clauses and in_force(clause.in_force, clause.until, today)
    }


def control_verdict(
    control: Control,
    clauses: Sequence[Clause],
    rules: Mapping[str, Rule],
    results: Mapping[str, RuleResult],
    index: FactIndex,
    decision: Decision | None = None,
) -> ControlResult:
    """Return the verdict of ``control`` for the first row of the verdict table that matches."""
    own = [results[r] for r in control.rules if r in results and _concerns(rules[r], index.facts)]
    hits = [r for r in own if r.outcome is Outcome.HIT]
    hit_ids = tuple(r.rule for r in hits)
    why = control.why_on(index.facts.subject.kind)

    def result(verdict: Verdict, row: int, reasons: Iterable[Text]) -> ControlResult:
        unique = tuple(dict.fromkeys(reasons))
        return ControlResult(
            control=control.id, verdict=verdict, row=row, reasons=unique, hits=hit_ids, decision=decision
        )

    if decision is not None:
        reason = Text(
            zh=f"人工结论（{decision.who}，{decision.when.isoformat()}）：{decision.why}",
            en=f"decided by {decision.who} on {decision.when.isoformat()}: {decision.why}",
        )
        return result(decision.verdict, 1, [reason])
    excluded = _not_applicable(control, own, index, why)
    if isinstance(excluded, Text):
        return result(Verdict.NOT_APPLICABLE, 2, [excluded])
    if hits:
        certain = [
            r
            for r in hits
            if rules[r.rule].confidence is Confidence.CERTAIN and r.category_basis != "proposed"
        ]
        if certain and any(clause.limit is Verdict.VIOLATION for clause in clauses):
            return result(Verdict.VIOLATION, 3, [rules[r.rule].message for r in certain])
        return result(Verdict.SUSPECTED, 4, [x for r in hits for x in (rules[r.rule].message, *r.reasons)])
    open_reasons = [
        *excluded,
        *(x for r in own if r.outcome in {Outcome.UNKNOWN, Outcome.ERROR} for x in r.reasons),
    ]
    if open_reasons:
        return result(Verdict.MANUAL, 5, open_reasons)
    if not own:
        return result(Verdict.MANUAL, 5, [why])
    if control.automation == "full":
        return result(Verdict.COMPLIANT, 6, [why])
    reason = Text(
        zh="自动检查部分未见问题；其余部分静态分析看不到，须按核查步骤人工确认",
        en="the automatic part found nothing; the rest cannot be seen statically and needs the manual procedure",
    )
    return result(Verdict.MANUAL, 7, [reason, why])


def _concerns(rule: Rule, facts: Facts) -> bool:
    """Whether ``rule`` can say something here: a rule for sites leaves a control for apps and sites undecided."""
    return rule.surface in {facts.subject.kind, "policy"} or getattr(facts, rule.surface) is not None


def _not_applicable(
    control: Control, own: Sequence[RuleResult], index: FactIndex, manual: Text
) -> Text | list[Text]:
    """Return why the control does not apply, or the reasons why that could not be decided (maybe none).

    ``manual`` is why the control needs a human.
    """
    present = [surface for surface in control.surfaces if getattr(index.facts, surface) is not None]
    if not present and index.facts.subject.kind not in control.surfaces:
        names = "、".join(SURFACE_NAMES[s].zh for s in control.surfaces)
        english = " or ".join(SURFACE_NAMES[s].en for s in control.surfaces)
        return Text(
            zh=f"该要求针对{names}，本次对象不属于", en=f"this concerns {english}, which the subject is not"
        )
    if control.applies_when is not None:
        applies = evaluate_condition(control.applies_when, index)
        if applies.truth is False:
            reason = Text(
                zh="本对象不具备该要求的适用前提", en="the precondition of this control does not hold here"
            )
            why = unmet(control.applies_when, index)
            return (
                reason if why is None else Text(zh=f"{reason.zh}（{why.zh}）", en=f"{reason.en} ({why.en})")
            )
        if applies.truth is None:
            return applies.reasons or [Text(zh="能否适用无法确定", en="applicability is unknown")]
    if own and all(r.outcome is Outcome.NOT_APPLICABLE for r in own):
        # A control asks more than its rules see unless they exhaust it: then what they do not apply to is left to a human.
        reasons = [reason for r in own for reason in r.reasons]
        return reasons[0] if control.automation == "full" else [*reasons, manual]
    return []


_NO_PRECONDITION = Text(
    zh="本对象不属于该条所针对的类别", en="the subject is not of the kind this clause is written for"
)
_OUT_OF_SCOPE: dict[str, Text] = {
    "app": Text(zh="该条不针对应用", en="the clause does not address apps"),
    "site": Text(zh="该条不针对网站", en="the clause does not address websites"),
    "policy": Text(
        zh="该条要看应用或网站本身，仅凭隐私政策文本不能判断",
        en="the clause is about the app or site itself, which a policy alone does not show",
    ),
}


def clause_verdict(clause: Clause, controls: Sequence[ControlResult], index: FactIndex) -> ClauseResult:
    """Return the worst of the controls' verdicts for ``clause``, capped by its limit (human decisions are not)."""
    names = tuple(c.control for c in controls)
    kind = index.facts.subject.kind
    applies = evaluate_condition(clause.applies_when, index) if clause.applies_when is not None else None
    if kind not in clause.scope or (applies is not None and applies.truth is False):
        reason = (clause.reason or _OUT_OF_SCOPE[kind]) if kind not in clause.scope else _NO_PRECONDITION
        return ClauseResult(
            clause=clause.id, verdict=Verdict.NOT_APPLICABLE, controls=names, reasons=(reason,)
        )
    if not controls:
        reason = clause.reason or Text(zh="尚无自动检查，须人工核查", en="no automatic check; check by hand")
        return ClauseResult(clause=clause.id, verdict=Verdict.MANUAL, controls=(), reasons=(reason,))
    decided = any(c.decision is not None for c in controls)
    if applies is not None and applies.truth is None and not decided:
        return ClauseResult(
            clause=clause.id, verdict=Verdict.MANUAL, controls=names, reasons=tuple(applies.reasons)
        )
    worst = min(controls, key=lambda c: (_capped(c, clause).rank, c.control))
    verdict = _capped(worst, clause)
    capped_from = worst.verdict if verdict is not worst.verdict else None
    reasons = [r for c in controls if _capped(c, clause) is verdict for r in c.reasons]
    if capped_from is not None and clause.limit_why is not None:
        reasons.append(clause.limit_why)
    return ClauseResult(
        clause=clause.id,
        verdict=verdict,
        controls=names,
        capped_from=capped_from,
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _capped(control: ControlResult, clause: Clause) -> Verdict:
    if control.decision is not None or control.verdict.rank > clause.limit.rank:
        return control.verdict
    return max(control.verdict, clause.limit, key=lambda v: v.rank)
