"""Which recorded human decisions hold for a subject today, and why the others do not.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from scanner.model import Decision, Frozen, Subject, Text, UnusedDecision


class DecisionFile(Frozen):
    """The decisions file (YAML or JSON).  Evidence files are named relative to its folder."""

    format: Literal["guijian-decisions/1"] = "guijian-decisions/1"
    decisions: tuple[Decision, ...] = Field(default=(), max_length=100_000)


def concerns(decision: Decision, subject: Subject) -> bool:
    """Whether ``decision`` is about ``subject``: by sha256 (this version only) or identifier (any version)."""
    return bool(decision.subject) and decision.subject in {subject.sha256, subject.identifier}


def choose(
    decisions: Iterable[Decision], subject: Subject, controls: Collection[str], today: date
) -> tuple[dict[str, Decision], tuple[UnusedDecision, ...]]:
    """Return the decisions that hold for ``subject`` by control, and those about it that do not, with the reason.

    Of several that hold for one control the latest wins; of the same day the one for this very version.
    """
    chosen: dict[str, Decision] = {}
    unused: list[UnusedDecision] = []
    for decision in sorted(
        (d for d in decisions if concerns(d, subject)),
        key=lambda d: (d.when, d.subject == subject.sha256, d.who, d.why),
    ):
        code, reason = _objection(decision, controls, today)
        if reason is not None:
            unused.append(UnusedDecision(decision=decision, code=code, reason=reason))
            continue
        earlier = chosen.get(decision.control)
        if earlier is not None:
            unused.append(UnusedDecision(decision=earlier, code="superseded", reason=_superseded(decision)))
        chosen[decision.control] = decision
    return chosen, sort_unused(unused)


def _objection(decision: Decision, controls: Collection[str], today: date) -> tuple[str, Text | None]:
    if decision.control not in controls:
        return "control", Text(
            zh="本次检测方案中没有这个控制点", en="the profile of this assessment has no such control"
        )
    if decision.when > today:
        return "future", Text(
            zh=f"作出日期 {decision.when} 晚于本次评估", en=f"dated {decision.when}, after this assessment"
        )
    if decision.until is not None and decision.until < today:
        return "expired", Text(
            zh=f"有效期至 {decision.until}，已过期，恢复为自动结论",
            en=f"valid until {decision.until}, expired; the automatic verdict applies again",
        )
    return "", None


def _superseded(later: Decision) -> Text:
    return Text(zh=f"已有 {later.when} 的后续结论", en=f"replaced by the decision of {later.when}")


def sort_unused(unused: Sequence[UnusedDecision]) -> tuple[UnusedDecision, ...]:
    """Return ``unused`` in a fixed order."""
    return tuple(sorted(unused, key=lambda u: (u.decision.control, u.decision.when, u.code, u.decision.who)))
