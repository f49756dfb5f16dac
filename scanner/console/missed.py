"""The targets that a list of results leaves out because they could not be examined, with the reason."""

from __future__ import annotations

from sqlalchemy import func, select

from reports.lists import Missed
from scanner.batch.reasons import reason_of
from scanner.batch.schema import TaskRow
from scanner.batch.store import Store


def missed_targets(store: Store, run: int | None = None) -> list[Missed]:
    """Return the targets without an assessment in the order of their lists: what the list says of them, where and why.

    ``run`` is the id of the run whose targets count; without it those whose newest try, of any run, gave none.
    """
    query = select(TaskRow).where(TaskRow.assessment_id.is_(None))
    if run is None:
        newest = select(func.max(TaskRow.id)).group_by(TaskRow.key)
        query = query.where(TaskRow.id.in_(newest))
    else:
        query = query.where(TaskRow.run_id == run)
    with store.session() as session:
        return [
            Missed(
                name=str(row.meta.get("name") or ""),
                developer=str(row.meta.get("developer") or ""),
                store=str(row.meta.get("store") or ""),
                version=str(row.meta.get("version") or ""),
                place=row.location,
                tried=row.state == "failed",
                reason=reason_of(row.location, row.error_zh, row.error_en),
            )
            for row in session.scalars(query.order_by(TaskRow.run_id, TaskRow.position))
        ]
