"""Verdicts → grade: a pure function of verdicts and ``grading.yaml`` (docs/adr/0003-grading.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    """
    lines: list[tuple[float, Text]] = []
    counted: list[tuple[Verdict, Severity | None]] = []
    score = float(grading.start)
    charged: set[str] = set()
    for result in sorted(controls, key=lambda r: (-len(clauses_of[r.control]), r.control)):
        fresh = [rule for rule in result.hits if rule not in charged]
        charged.update(result.hits)
        if result.hits and not fresh and result.decision is None:
            continue
        verdict = limited(result, [limits[c] for c in clauses_of[result.control] if c in limits])
        order = list(Severity)
        severity = min((severity_of[rule] for rule in fresh), key=order.index, default=None)
        counted.append((verdict, severity))
        points = grading.deduct.get(verdict, {}).get(severity or Severity.LOW, 0.0)
        if points:
            score -= points
            lines.append((points, _reason(points, titles[result.control], verdict, severity)))
    rounded = max(0, round(score))
    letter = next(x for x in grading.letters if rounded >= x.at_least)
    caps = [cap for cap in grading.caps if _applies(cap, counted)]
    letter = _lowest([letter, *(_letter(grading, cap.limit) for cap in caps)], grading)
    provisional, waiting = _provisional(clauses, grading)
    reasons = [text for _, text in sorted(lines, key=lambda line: (-line[0], line[1].zh))]
    if provisional:
        reasons.append(waiting)
    return Grade(
        letter=letter.letter,
        label=letter.label,
        score=rounded,
        provisional=provisional,
        caps=tuple(GradeCap(id=cap.id, limit=cap.limit, reason=cap.reason) for cap in caps),
        reasons=tuple(reasons),
        coverage=coverage,
    )


def limited(result: ControlResult, limits: Sequence[Verdict]) -> Verdict:
    """Return the control's verdict after the most permissive of its clauses' limits."""
    if result.decision is not None or not limits:
        return result.verdict
    return max(result.verdict, min(limits, key=lambda v: v.rank), key=lambda v: v.rank)


def _reason(points: float, title: Text, verdict: Verdict, severity: Severity | None) -> Text:
    level = SEVERITY_LABELS[severity or Severity.LOW]
    return Text(
        zh=f"{title.zh}：{verdict.label.zh}（严重程度{level.zh}），扣 {points:g} 分",
        en=f"{title.en}: {verdict.label.en} (severity {level.en}), -{points:g}",
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
