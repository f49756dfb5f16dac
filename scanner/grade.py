"""Verdicts → grade: a pure function of verdicts and ``grading.yaml`` (docs/adr/0003-grading.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scanner.model import (
    SEVERITY_LABELS,
    ClauseResult,
    ControlResult,
    Coverage,
    Grade,
    GradeCap,
    Severity,
    Text,
    Verdict,
)
from scanner.rulepack import Cap, Grading, Letter

FLAGGED = (Verdict.VIOLATION, Verdict.SUSPECTED)


def grade_controls(
    *,
    controls: Sequence[ControlResult],
    severity_of: Mapping[str, Severity],
    clauses: Sequence[ClauseResult],
    limits: Mapping[str, Verdict],
    titles: Mapping[str, Text],
    clauses_of: Mapping[str, Sequence[str]],
    coverage: Coverage,
    grading: Grading,
) -> Grade:
    """Return the grade.

    ``severity_of`` gives the severity of each rule; ``limits`` are the verdict limits of the clauses in force; ``titles``
    and ``clauses_of`` describe the controls.  A hit is charged once, to the control with most clauses that uses its
    rule, so that one fault seen from several controls counts once; this order is fixed, so more hits never cost less.
    The reasons explain the score: each deduction, their sum, and which violations and suspicions cost nothing.
    """
    charges = _charges(controls, severity_of, limits, titles, clauses_of, grading)
    counted = [(charge.verdict, charge.severity) for charge in charges if not charge.repeated]
    points = sum(charge.points for charge in charges)
    score = max(0, round(grading.start - points))
    letter = next(x for x in grading.letters if score >= x.at_least)
    caps = [cap for cap in grading.caps if _applies(cap, counted)]
    letter = _lowest([letter, *(_letter(grading, cap.limit) for cap in caps)], grading)
    provisional, waiting = _provisional(clauses, grading)
    return Grade(
        letter=letter.letter,
        label=letter.label,
        score=score,
        provisional=provisional,
        caps=tuple(GradeCap(id=cap.id, limit=cap.limit, reason=cap.reason) for cap in caps),
        reasons=(
            _bands(grading, score),
            *_deductions(charges),
            *([_total(grading.start, points, score)] if points else []),
            *_not_charged(charges),
            *([waiting] if provisional else []),
        ),
        coverage=coverage,
    )


@dataclass(frozen=True, slots=True)
class _Charge:
    """What one control costs: ``found`` is its verdict, ``verdict`` the one within the limits of its clauses.

    ``repeated``: every hit of it is charged to another control.
    """

    title: Text
    found: Verdict
    verdict: Verdict
    severity: Severity | None
    points: float
    repeated: bool


def _charges(
    controls: Sequence[ControlResult],
    severity_of: Mapping[str, Severity],
    limits: Mapping[str, Verdict],
    titles: Mapping[str, Text],
    clauses_of: Mapping[str, Sequence[str]],
    grading: Grading,
) -> list[_Charge]:
    """Return what every control costs, in the order in which hits are charged."""
    found: list[_Charge] = []
    charged: set[str] = set()
    for result in sorted(controls, key=lambda r: (-len(clauses_of[r.control]), r.control)):
        fresh = [rule for rule in result.hits if rule not in charged]
        charged.update(result.hits)
        verdict = limited(result, [limits[c] for c in clauses_of[result.control] if c in limits])
        severity = min((severity_of[rule] for rule in fresh), key=list(Severity).index, default=None)
        repeated = bool(result.hits) and not fresh and result.decision is None
        points = 0.0 if repeated else grading.deduct.get(verdict, {}).get(severity or Severity.LOW, 0.0)
        found.append(_Charge(titles[result.control], result.verdict, verdict, severity, points, repeated))
    return found


def _bands(grading: Grading, score: int) -> Text:
    """Return which scores each letter takes, and which the score alone would give."""
    *upper, last = grading.letters
    by_score = next(x for x in grading.letters if score >= x.at_least)
    zh = "，".join(f"{x.at_least} 分以上为{x.label.zh}" for x in upper)
    en = ", ".join(f"{x.at_least} or more {x.label.en}" for x in upper)
    return Text(
        zh=f"等级按得分划分：{zh}，其余为{last.label.zh}；{score} 分为“{by_score.label.zh}”",
        en=f"Grades by score: {en}, the rest {last.label.en}; {score} is {by_score.label.en}",
    )


def _deductions(charges: Sequence[_Charge]) -> list[Text]:
    """Return one line for every control that costs points, the dearest first."""
    costly = [charge for charge in charges if charge.points]
    return [_reason(charge) for charge in sorted(costly, key=lambda c: (-c.points, _reason(c).zh))]


def _total(start: int, points: float, score: int) -> Text:
    """Return how the score follows from the deductions."""
    left = start - points
    rest = f"{left:g}".replace("-", "−")
    zh, en = f"合计扣 {points:g} 分，{start} − {points:g} = {rest}", f"{start} − {points:g} = {rest} points"
    if left < 0:
        zh, en = f"{zh}，低于 0 分的按 0 分计", f"{en}, counted as 0"
    elif left != score:
        zh, en = (
            f"{zh}，按“四舍六入五成双”取整为 {score} 分",
            f"{en}, rounded (half to even) to {score}",
        )
    return Text(zh=zh, en=en)


def _not_charged(charges: Sequence[_Charge]) -> list[Text]:
    """Return, for the violations and suspicions that cost nothing, which they are and why."""
    free = [c for c in charges if c.found in FLAGGED and not c.points]
    held = [c for c in free if c.verdict not in FLAGGED]
    groups = (
        (
            [c for c in free if c.repeated and c not in held],
            "所据问题已计入上列控制点、不重复扣分的：",
            "not charged again, as what they rest on is charged above: ",
        ),
        (
            held,
            "按条款的结论上限只到“需人工核查”、不扣分的：",
            "not charged, as their clauses allow no more than a manual check: ",
        ),
        (
            [c for c in free if not c.repeated and c not in held],
            "评级规则没有规定扣分的：",
            "not charged, as the grading has no deduction for them: ",
        ),
    )
    return [
        Text(
            zh=zh + "；".join(f"{c.title.zh}（{c.verdict.label.zh}）" for c in group),
            en=en + "; ".join(f"{c.title.en} ({c.verdict.label.en})" for c in group),
        )
        for group, zh, en in groups
        if group
    ]


def limited(result: ControlResult, limits: Sequence[Verdict]) -> Verdict:
    """Return the control's verdict after the most permissive of its clauses' limits."""
    if result.decision is not None or not limits:
        return result.verdict
    return max(result.verdict, min(limits, key=lambda v: v.rank), key=lambda v: v.rank)


def _reason(charge: _Charge) -> Text:
    level = SEVERITY_LABELS[charge.severity or Severity.LOW]
    title, label, points = charge.title, charge.verdict.label, charge.points
    return Text(
        zh=f"{title.zh}：{label.zh}（严重程度{level.zh}），扣 {points:g} 分",
        en=f"{title.en}: {label.en} (severity {level.en}), -{points:g}",
    )


def _applies(cap: Cap, counted: Sequence[tuple[Verdict, Severity | None]]) -> bool:
    matching = [
        1 for verdict, severity in counted if verdict is cap.verdict and cap.severity in {None, severity}
    ]
    return len(matching) >= cap.count


def _letter(grading: Grading, letter: str) -> Letter:
    return next(x for x in grading.letters if x.letter == letter)


def _lowest(letters: Sequence[Letter], grading: Grading) -> Letter:
    order = {x.letter: position for position, x in enumerate(grading.letters)}
    return max(letters, key=lambda x: order[x.letter])


def _provisional(clauses: Sequence[ClauseResult], grading: Grading) -> tuple[bool, Text]:
    applicable = [c for c in clauses if c.verdict is not Verdict.NOT_APPLICABLE]
    waiting = sum(c.verdict is Verdict.MANUAL for c in applicable)
    share = waiting / len(applicable) if applicable else 0.0
    text = Text(
        zh=f"{len(applicable)} 条适用条款中有 {waiting} 条待人工核查，等级为暂定",
        en=f"{waiting} of {len(applicable)} applicable clauses await a human; the grade is provisional",
    )
    return share > grading.provisional_above, text
