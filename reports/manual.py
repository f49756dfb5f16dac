"""What is left to a human: the controls that wait, the clauses they serve, and what their procedures need first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.clauses import ClauseView, ControlView, InstrumentView, PreparationView
from scanner.model import Verdict


@dataclass(frozen=True, slots=True)
class ManualItem:
    """A control that waits for a human, its number in the report (M01), and the clauses it serves that apply here.

    ``verdict`` is the control's, but never worse than what the report says of all these clauses.
    """

    number: str
    control: ControlView
    clauses: tuple[ClauseView, ...]
    verdict: Verdict


def waiting_controls(instruments: Sequence[InstrumentView]) -> tuple[ControlView, ...]:
    """Return the controls of clauses that still need a human, each once, in the order of the clauses."""
    waiting = {
        control.id: control
        for instrument in instruments
        for clause in instrument.clauses
        if clause.verdict in {Verdict.MANUAL, Verdict.SUSPECTED}
        for control in clause.controls
        if control.steps and control.verdict not in {Verdict.COMPLIANT, Verdict.NOT_APPLICABLE}
    }
    return tuple(waiting.values())


def manual_items(
    waiting: Sequence[ControlView], instruments: Sequence[InstrumentView]
) -> tuple[ManualItem, ...]:
    """Return ``waiting`` numbered; a clause that does not apply to the subject is not asked about."""
    serving: dict[str, list[ClauseView]] = {}
    for instrument in instruments:
        for clause in instrument.clauses:
            if clause.verdict is not Verdict.NOT_APPLICABLE:
                for control in clause.controls:
                    serving.setdefault(control.id, []).append(clause)
    return tuple(
        _item(number, control, tuple(serving[control.id])) for number, control in enumerate(waiting, 1)
    )


def _item(number: int, control: ControlView, clauses: tuple[ClauseView, ...]) -> ManualItem:
    worst = min((clause.verdict for clause in clauses), key=lambda verdict: verdict.rank)
    verdict = max(control.verdict, worst, key=lambda verdict: verdict.rank)
    return ManualItem(f"M{number:02d}", control, clauses, verdict)


def preparations(instruments: Sequence[InstrumentView]) -> tuple[PreparationView, ...]:
    """Return the preparations of all controls of the report in the order of their numbers."""
    found = {
        preparation.id: preparation
        for instrument in instruments
        for clause in instrument.clauses
        for control in clause.controls
        for preparation in control.prepare
    }
    return tuple(sorted(found.values(), key=lambda p: int(p.label[1:])))
