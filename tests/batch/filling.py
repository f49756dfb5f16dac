"""Fills a store with runs, targets and assessments as batches would leave them, without reading packages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from scanner.batch.schema import AssessmentRow, ControlRow, FactsRow, FindingRow, RunRow, TaskRow
from scanner.batch.store import Store

CONTROL = "no-collection-before-consent"
IMEI, LOCATION = "imei-before-consent", "location-before-consent"
Found = Sequence[tuple[str, str, str]]


def day(month: int, number: int) -> datetime:
    """Noon in Beijing on a day of 2026."""
    return datetime(2026, month, number, 4, tzinfo=UTC)


class Filler:
    """Writes runs, targets and assessments as a batch would leave them."""

    def __init__(self, store: Store) -> None:
        self.store, self.count = store, 0

    def run(self, at: datetime, source: str = "list.csv") -> int:
        self.count += 1
        values = {"profile": "", "collector": "c", "pack_version": "1", "pack_sha256": "p", "options": {}}
        return self._add(
            RunRow, id=self.count, label=f"r{self.count}", source=source, now=at, created=at, **values
        )

    def failed(
        self,
        run: int,
        key: str,
        state: str = "failed",
        code: str | None = "empty",
        zh: str = "",
        en: str = "",
        **meta: str,
    ) -> None:
        self.task(run, key, state=state, error_code=code, error_zh=zh, error_en=en, meta=meta)

    def task(self, run: int, key: str, **values: Any) -> None:
        self.count += 1
        row = {"position": 0, "location": key, "kind": "package", "attempts": 1, "meta": {}, **values}
        self._add(TaskRow, id=self.count, run_id=run, key=key, **row)

    def assessed(
        self,
        run: int,
        at: datetime,
        key: str,
        counts: tuple[int, int, int, int],
        score: int,
        found: Found = (),
        *,
        broken: bool = False,
        sha256: str = "",
        gaps: int = 0,
        **subject: str,
    ) -> None:
        self.count += 1
        ident, digest = self.count, sha256 or f"{self.count:064}"
        shared = {"kind": "app", "identifier": key, "name": key.upper(), "version": "1", "sha256": digest}
        self._add(
            FactsRow, id=ident, collector=str(ident), problems=0, gaps=gaps, collected=at, body=b"", **shared
        )
        names = ("violations", "suspected", "manual", "compliant")
        self._add(
            AssessmentRow,
            id=ident,
            facts_id=ident,
            meta_key="m",
            profile="app-pi",
            pack_version="1",
            pack_sha256="p",
            assessed_at=at,
            letter="差" if broken else "良",
            score=score,
            provisional=counts[2] > 0,
            not_applicable=0,
            findings=len(found),
            body=b"",
            **dict(zip(names, counts, strict=True)),
            **shared,
            **subject,
        )
        for rule, severity, confidence in found:
            self.count += 1
            where = {"group_key": "", "fingerprint": "f", "evidence_total": 1, "assessment_id": ident}
            self._add(FindingRow, id=self.count, rule=rule, severity=severity, confidence=confidence, **where)
        verdict = "violation" if broken else "manual"
        self._add(ControlRow, assessment_id=ident, control=CONTROL, verdict=verdict)
        self.task(run, key, state="done", assessment_id=ident)

    def _add(self, table: type[Any], **values: Any) -> int:
        self.store.transact(lambda session: session.execute(insert(table).values(**values)))
        return int(values.get("id", 0))
