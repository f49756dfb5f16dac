"""How a run stands: counts, grades, and why targets failed."""

from __future__ import annotations

from sqlalchemy import func, select

from scanner.batch.reasons import reason_of
from scanner.batch.schema import AssessmentRow, TaskRow
from scanner.batch.store import Store
from scanner.model import Frozen, Text

MAX_FAILURES = 20


class Failure(Frozen):
    """Targets that failed for the same reason, with one of them."""

    code: str
    count: int
    example: str
    reason: Text | None = None


class Status(Frozen):
    """Counts of a run's targets by state, of its grades by letter, and its failures by reason."""

    label: str
    source: str
    profile: str
    total: int
    done: int
    failed: int
    pending: int
    seconds: float
    letters: dict[str, int]
    failures: tuple[Failure, ...]


def status(store: Store, label: str | None) -> Status | None:
    """Return how the run called ``label`` (None = the newest) stands, or None when there is none."""
    run = store.find_run(label)
    if run is None:
        return None
    states = store.states(run.id)
    of_run = TaskRow.run_id == run.id
    with store.session() as session:
        letters = session.execute(
            select(AssessmentRow.letter, func.count())
            .join(TaskRow, TaskRow.assessment_id == AssessmentRow.id)
            .where(of_run)
            .group_by(AssessmentRow.letter)
            .order_by(func.min(-AssessmentRow.score))
        ).all()
        failures = session.execute(
            select(
                TaskRow.error_code,
                func.count(),
                func.min(TaskRow.location),
                func.min(TaskRow.error_zh),
                func.min(TaskRow.error_en),
            )
            .where(of_run, TaskRow.state == "failed")
            .group_by(TaskRow.error_code)
            .order_by(func.count().desc(), TaskRow.error_code)
            .limit(MAX_FAILURES)
        ).all()
        seconds = session.scalar(select(func.sum(TaskRow.seconds)).where(of_run)) or 0.0
    return Status(
        label=run.label,
        source=run.source,
        profile=run.profile,
        total=sum(states.values()),
        done=states.get("done", 0),
        failed=states.get("failed", 0),
        pending=states.get("pending", 0),
        seconds=round(seconds, 3),
        letters={str(letter): int(count) for letter, count in letters},
        failures=tuple(
            Failure(code=code or "", count=count, example=example, reason=reason_of(example, zh, en))
            for code, count, example, zh, en in failures
        ),
    )
