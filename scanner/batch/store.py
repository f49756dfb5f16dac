"""The store: runs, tasks, facts, assessments and findings in SQLite or PostgreSQL.

Every result is written in one transaction, keyed by what it is the result of; writing it twice changes nothing.  A lost
connection is tried again with growing pauses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, TypeVar

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as lite_insert
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from scanner.batch.engine import open_engine, unusable
from scanner.batch.meta import Meta
from scanner.batch.rows import assessment_rows, facts_row
from scanner.batch.schema import (
    AssessmentRow,
    ClauseRow,
    ControlRow,
    FactsRow,
    FindingRow,
    RunRow,
    SeenRow,
    TaskRow,
)
from scanner.batch.targets import Target
from scanner.batch.work import Done, unpack_bytes
from scanner.facts import Facts
from scanner.model import Assessment, Text
from scanner.rulepack import Pack

T = TypeVar("T")
RETRIES = 8
FIRST_PAUSE = 0.25
INSERT_CHUNK = 500


class Store:
    """A database with the results of batches; opening one applies missing migrations.

    ``url`` is a SQLAlchemy URL (``sqlite:///results.db``, ``postgresql+psycopg://…``) or a file name for SQLite.
    Raises :class:`~scanner.errors.PackError` (a configuration error) when it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        try:
            self._migrate()
        except (DBAPIError, OSError) as error:
            raise unusable(url, error) from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _migrate(self) -> None:
        from alembic import command  # noqa: PLC0415 - only when a store is opened
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(files("scanner.batch") / "migrations"))
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7165701)")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    # --- transactions ---------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session for reading."""
        with Session(self.engine) as session:
            yield session

    def transact(self, action: Callable[[Session], T]) -> T:
        """Run ``action`` in one transaction; after a lost connection or a lock, run it again.

        ``action`` must be repeatable: it starts from the state of the database, never from its own earlier effect.
        """
        pause = FIRST_PAUSE
        for attempt in range(RETRIES):
            try:
                with Session(self.engine) as session, session.begin():
                    return action(session)
            except (OperationalError, DBAPIError) as error:
                lost = isinstance(error, OperationalError) or error.connection_invalidated
                if not lost or attempt == RETRIES - 1:
                    raise
                time.sleep(pause)
                pause *= 2
        raise AssertionError("unreachable")

    def _insert_new(
        self, session: Session, table: type[Any], rows: Sequence[dict[str, Any]], *key: str
    ) -> None:
        """Insert ``rows``; one that is there already (by the unique ``key``) stays as it is."""
        new = pg_insert if self.engine.dialect.name == "postgresql" else lite_insert
        for start in range(0, len(rows), INSERT_CHUNK):
            statement = new(table).values(rows[start : start + INSERT_CHUNK])
            session.execute(statement.on_conflict_do_nothing(index_elements=list(key)))

    # --- runs and tasks -------------------------------------------------------------------------------

    def run(
        self,
        label: str,
        *,
        source: str,
        profile: str,
        now: datetime,
        collector: str,
        pack: Pack,
        options: dict[str, Any],
    ) -> RunRow:
        """Return the run called ``label``, created with these values when there is none yet."""
        row = {
            "label": label,
            "source": source,
            "profile": profile,
            "now": now,
            "collector": collector,
            "pack_version": pack.version,
            "pack_sha256": pack.sha256,
            "options": options,
            "created": datetime.now(UTC),
        }

        def action(session: Session) -> RunRow:
            self._insert_new(session, RunRow, [row], "label")
            found = session.scalars(select(RunRow).where(RunRow.label == label)).one()
            session.expunge(found)
            return found

        return self.transact(action)

    def find_run(self, label: str | None) -> RunRow | None:
        """Return the run called ``label``, or the newest one for None."""
        with self.session() as session:
            query = select(RunRow).order_by(RunRow.id.desc()).limit(1)
            if label is not None:
                query = query.where(RunRow.label == label)
            row = session.scalars(query).first()
            if row is not None:
                session.expunge(row)
            return row

    def find_unfinished(self, source: str) -> RunRow | None:
        """Return the newest run of ``source`` that has not finished, or None."""
        query = (
            select(RunRow)
            .where(RunRow.source == source, RunRow.finished.is_(None))
            .order_by(RunRow.id.desc())
            .limit(1)
        )
        with self.session() as session:
            row = session.scalars(query).first()
            if row is not None:
                session.expunge(row)
            return row

    def add_tasks(self, run_id: int, targets: Iterable[Target]) -> int:
        """Add the targets that the run does not have yet; return how many tasks it has."""
        chunk: list[dict[str, Any]] = []

        def flush() -> None:
            rows = list(chunk)
            if rows:
                self.transact(lambda session: self._insert_new(session, TaskRow, rows, "run_id", "key"))
            chunk.clear()

        for position, target in enumerate(targets):
            chunk.append(
                {
                    "run_id": run_id,
                    "key": target.key,
                    "position": position,
                    "location": target.location,
                    "kind": target.kind,
                    "meta": target.meta.model_dump(exclude_none=True),
                    "state": "pending",
                    "attempts": 0,
                }
            )
            if len(chunk) >= INSERT_CHUNK:
                flush()
        flush()
        with self.session() as session:
            return session.scalar(select(func.count()).where(TaskRow.run_id == run_id)) or 0

    def pending(self, run_id: int, after: int, limit: int) -> list[tuple[int, int, Target]]:
        """Return up to ``limit`` pending tasks with ids above ``after`` as (id, attempts so far, target)."""
        query = (
            select(TaskRow.id, TaskRow.attempts, TaskRow.location, TaskRow.kind, TaskRow.meta)
            .where(TaskRow.run_id == run_id, TaskRow.state == "pending", TaskRow.id > after)
            .order_by(TaskRow.id)
            .limit(limit)
        )
        rows = self.transact(lambda session: session.execute(query).all())
        return [
            (ident, attempts, Target(location=location, kind=kind, meta=Meta(**meta)))
            for ident, attempts, location, kind, meta in rows
        ]

    def count_attempt(self, task_id: int) -> None:
        """Record that a task's worker died; survives a killed driver, so that no input is tried for ever."""
        self.transact(
            lambda session: session.execute(
                update(TaskRow).where(TaskRow.id == task_id).values(attempts=TaskRow.attempts + 1)
            )
        )

    def retry_failed(self, run_id: int) -> int:
        """Make the failed tasks of a run pending again; return how many."""
        reset = {"state": "pending", "attempts": 0, "error_code": None, "error_zh": None, "error_en": None}

        def action(session: Session) -> int:
            failed = [TaskRow.run_id == run_id, TaskRow.state == "failed"]
            count = session.scalar(select(func.count()).where(*failed)) or 0
            session.execute(update(TaskRow).where(*failed).values(**reset))
            session.execute(update(RunRow).where(RunRow.id == run_id).values(finished=None))
            return count

        return self.transact(action)

    def finish_run(self, run_id: int) -> None:
        """Note that no task of the run is pending."""
        self.transact(
            lambda session: session.execute(
                update(RunRow)
                .where(RunRow.id == run_id, RunRow.finished.is_(None))
                .values(finished=datetime.now(UTC))
            )
        )

    # --- results --------------------------------------------------------------------------------------

    def facts_for(self, sha256: str, collector: str) -> bytes | None:
        """Return the packed facts of an input by a collector version, or None."""
        query = select(FactsRow.body).where(FactsRow.sha256 == sha256, FactsRow.collector == collector)
        return self.transact(lambda session: session.scalar(query))

    def facts_of_task(self, run_id: int, key: str) -> bytes | None:
        """Return the packed facts that a task of an earlier run ended with, or None."""
        query = (
            select(FactsRow.body)
            .join(AssessmentRow, AssessmentRow.facts_id == FactsRow.id)
            .join(TaskRow, TaskRow.assessment_id == AssessmentRow.id)
            .where(TaskRow.run_id == run_id, TaskRow.key == key)
        )
        return self.transact(lambda session: session.scalar(query))

    def done_targets(self, run_id: int) -> list[Target]:
        """Return the targets of a run that have a result, in order."""
        query = (
            select(TaskRow.location, TaskRow.kind, TaskRow.meta)
            .where(TaskRow.run_id == run_id, TaskRow.state == "done")
            .order_by(TaskRow.position)
        )
        with self.session() as session:
            return [
                Target(location=location, kind=kind, meta=Meta(**meta))
                for location, kind, meta in session.execute(query)
            ]

    def seen(self, location_key: str, size: int, changed: str) -> str | None:
        """Return the digest of an unchanged file read before, or None."""
        query = select(SeenRow.sha256).where(
            SeenRow.location_key == location_key, SeenRow.size == size, SeenRow.changed == changed
        )
        return self.transact(lambda session: session.scalar(query))

    def mark_seen(self, location_key: str, size: int, changed: str, sha256: str) -> None:
        """Remember the digest of a file."""

        def action(session: Session) -> None:
            session.merge(SeenRow(location_key=location_key, size=size, changed=changed, sha256=sha256))

        self.transact(action)

    def record_done(self, task_id: int, target: Target, done: Done, pack: Pack) -> None:
        """Store a result and finish its task, in one transaction; the second time nothing changes."""
        assessment = Assessment.model_validate_json(unpack_bytes(done.assessment))
        facts = (
            facts_row(Facts.model_validate_json(unpack_bytes(done.facts)), done.facts) if done.facts else None
        )
        self.transact(lambda session: self._record(session, task_id, target, done, facts, assessment, pack))

    def _record(
        self,
        session: Session,
        task_id: int,
        target: Target,
        done: Done,
        facts: dict[str, Any] | None,
        assessment: Assessment,
        pack: Pack,
    ) -> None:
        if facts is not None:
            self._insert_new(session, FactsRow, [facts], "sha256", "collector")
        facts_id = session.scalars(
            select(FactsRow.id).where(FactsRow.sha256 == done.sha256, FactsRow.collector == done.collector)
        ).one()
        assessment_id = self._assessment(session, facts_id, target.meta, done.assessment, assessment, pack)
        session.execute(
            update(TaskRow)
            .where(TaskRow.id == task_id)
            .values(
                state="done",
                attempts=TaskRow.attempts + 1,
                assessment_id=assessment_id,
                seconds=done.collect_seconds + done.assess_seconds,
                finished=datetime.now(UTC),
                error_code=None,
                error_zh=None,
                error_en=None,
            )
        )

    def _assessment(
        self, session: Session, facts_id: int, meta: Meta, packed: bytes, assessment: Assessment, pack: Pack
    ) -> int:
        rows = assessment_rows(assessment, facts_id, meta, packed, pack)
        key = ("facts_id", "meta_key", "profile", "pack_sha256", "assessed_at")
        same = [getattr(AssessmentRow, name) == rows.assessment[name] for name in key]
        found = session.scalars(select(AssessmentRow.id).where(*same)).first()
        if found is not None:
            return found
        self._insert_new(session, AssessmentRow, [rows.assessment], *key)
        ident: int = session.scalars(select(AssessmentRow.id).where(*same)).one()
        for table, parts in (
            (FindingRow, rows.findings),
            (ControlRow, rows.controls),
            (ClauseRow, rows.clauses),
        ):
            if parts:
                session.execute(insert(table), [{**part, "assessment_id": ident} for part in parts])
        return ident

    def record_assessment(self, facts_id: int, meta: Meta, packed: bytes, pack: Pack) -> int:
        """Store an assessment of stored facts; return its id."""
        assessment = Assessment.model_validate_json(unpack_bytes(packed))
        return self.transact(
            lambda session: self._assessment(session, facts_id, meta, packed, assessment, pack)
        )

    def record_failed(self, task_id: int, code: str, reason: Text, seconds: float) -> None:
        """Finish a task that could not be examined, with the reason."""
        self.transact(
            lambda session: session.execute(
                update(TaskRow)
                .where(TaskRow.id == task_id)
                .values(
                    state="failed",
                    attempts=TaskRow.attempts + 1,
                    error_code=code,
                    error_zh=reason.zh[:2000],
                    error_en=reason.en[:2000],
                    seconds=seconds,
                    finished=datetime.now(UTC),
                )
            )
        )

    def states(self, run_id: int) -> dict[str, int]:
        """Return the number of tasks of a run by state."""
        query = select(TaskRow.state, func.count()).where(TaskRow.run_id == run_id).group_by(TaskRow.state)
        rows = self.transact(lambda session: session.execute(query).all())
        return {str(state): int(count) for state, count in rows}
