"""What the lists show: filters, sort orders and keyset pages over the store.  Never reads a stored body."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from scanner.batch.schema import AssessmentRow, ControlRow, FindingRow, RunRow, TaskRow
from scanner.batch.schema_console import ClaimRow, DecisionRow, UserRow
from scanner.model import Severity, Verdict

PAGE = 50
SORTS = {
    "assessed": AssessmentRow.assessed_at,
    "score": AssessmentRow.score,
    "name": AssessmentRow.name,
    "violations": AssessmentRow.violations,
    "suspected": AssessmentRow.suspected,
    "manual": AssessmentRow.manual,
    "findings": AssessmentRow.findings,
}
CHOICES = ("store", "category", "region", "letter")
OPEN = (Verdict.MANUAL.value, Verdict.SUSPECTED.value)
COLUMNS = (
    "id",
    "name",
    "identifier",
    "version",
    "kind",
    "developer",
    "store",
    "category",
    "region",
    "letter",
    "score",
    "provisional",
    "violations",
    "suspected",
    "manual",
    "compliant",
    "not_applicable",
    "findings",
    "assessed_at",
    "profile",
    "pack_version",
    "sha256",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """A search: every field empty means everything.  ``every`` also lists assessments that a newer one replaced."""

    q: str = ""
    store: str = ""
    category: str = ""
    region: str = ""
    letter: str = ""
    verdict: str = ""
    severity: str = ""
    rule: str = ""
    run: str = ""
    since: str = ""
    until: str = ""
    every: str = ""
    sort: str = "assessed"
    order: str = "desc"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """Return the filters a query string asks for; values that mean nothing are left out."""
        values = {name: query.get(name, "").strip()[:200] for name in cls.__slots__}
        if values["sort"] not in SORTS:
            values["sort"] = "assessed"
        if values["order"] not in {"asc", "desc"}:
            values["order"] = "desc"
        if values["verdict"] not in {"violation", "suspected", "manual"}:
            values["verdict"] = ""
        if values["severity"] not in set(Severity):
            values["severity"] = ""
        for name in ("since", "until"):
            try:
                date.fromisoformat(values[name])
            except ValueError:
                values[name] = ""
        return cls(**values)

    def query(self) -> dict[str, str]:
        """Return the filters that are set, for links."""
        defaults = {"sort": "assessed", "order": "desc"}
        return {n: v for n in self.__slots__ if (v := getattr(self, n)) and v != defaults.get(n)}


@dataclass(frozen=True, slots=True)
class Listing:
    """One page: its rows, the cursor of the next page (empty at the end) and how many rows there are in all."""

    rows: list[Any]
    cursor: str
    total: int = 0


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions of a search on assessments."""
    found: list[ColumnElement[bool]] = [] if filters.every else [is_current()]
    if filters.q:
        found.append(
            or_(
                *(
                    c.icontains(filters.q, autoescape=True)
                    for c in (AssessmentRow.name, AssessmentRow.identifier, AssessmentRow.developer)
                )
            )
        )
    found += [getattr(AssessmentRow, n) == value for n in CHOICES if (value := getattr(filters, n))]
    counts = {
        "violation": AssessmentRow.violations,
        "suspected": AssessmentRow.suspected,
        "manual": AssessmentRow.manual,
    }
    if filters.verdict:
        found.append(counts[filters.verdict] > 0)
    about = FindingRow.assessment_id == AssessmentRow.id
    if filters.rule:
        found.append(exists().where(about, FindingRow.rule == filters.rule))
    if filters.severity:
        found.append(exists().where(about, FindingRow.severity == filters.severity))
    if filters.run:
        run = select(RunRow.id).where(RunRow.label == filters.run).scalar_subquery()
        found.append(exists().where(TaskRow.assessment_id == AssessmentRow.id, TaskRow.run_id == run))
    if filters.since:
        found.append(AssessmentRow.assessed_at >= _midnight(filters.since))
    if filters.until:
        found.append(AssessmentRow.assessed_at < _midnight(filters.until) + timedelta(days=1))
    return found


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def is_current() -> ColumnElement[bool]:
    """No newer assessment of the same subject (identifier, kind, store) with the same profile."""
    newer = aliased(AssessmentRow)
    return ~exists().where(
        newer.identifier == AssessmentRow.identifier,
        newer.kind == AssessmentRow.kind,
        newer.profile == AssessmentRow.profile,
        func.coalesce(newer.store, "") == func.coalesce(AssessmentRow.store, ""),
        or_(
            newer.assessed_at > AssessmentRow.assessed_at,
            and_(newer.assessed_at == AssessmentRow.assessed_at, newer.id > AssessmentRow.id),
        ),
    )


def subjects(session: Session, filters: Filters, cursor: str = "", limit: int = PAGE) -> Listing:
    """Return one page of assessments; ``total`` counts all that fit."""
    where = conditions(filters)
    column = SORTS[filters.sort]
    query: Select[Any] = select(*(getattr(AssessmentRow, name) for name in COLUMNS)).where(*where)
    falling = filters.order == "desc"
    after = _cursor(cursor)
    if after is not None:
        value, ident = after
        key: Any = value
        if filters.sort == "assessed":
            try:
                key = datetime.fromisoformat(str(value))
            except ValueError:
                key = datetime.max.replace(tzinfo=UTC)
        beyond = column < key if falling else column > key
        same = AssessmentRow.id < ident if falling else AssessmentRow.id > ident
        query = query.where(or_(beyond, and_(column == key, same)))
    order = [column.desc(), AssessmentRow.id.desc()] if falling else [column, AssessmentRow.id]
    rows = list(session.execute(query.order_by(*order).limit(limit + 1)))
    total = session.scalar(select(func.count()).select_from(AssessmentRow).where(*where)) or 0
    more = len(rows) > limit
    rows = rows[:limit]
    names = {"assessed": "assessed_at"}
    end = ""
    if more:
        value = getattr(rows[-1], names.get(filters.sort, filters.sort))
        end = _encode([value.isoformat() if isinstance(value, datetime) else value, rows[-1].id])
    return Listing(rows, end, total)


def _encode(value: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, ensure_ascii=False).encode()).decode()


def _cursor(text: str) -> tuple[str | int, int] | None:
    try:
        value, ident = json.loads(base64.urlsafe_b64decode(text[:2000])) if text else (None, None)
    except (ValueError, TypeError, binascii.Error):
        return None
    if not isinstance(value, str | int) or not isinstance(ident, int):
        return None
    return value, ident


def choices(session: Session) -> dict[str, list[str]]:
    """Return the values to choose from in the filters, by field."""
    found = {}
    for name in CHOICES:
        column = getattr(AssessmentRow, name)
        found[name] = list(
            session.scalars(
                select(column).where(column.is_not(None), column != "").distinct().order_by(column).limit(500)
            )
        )
    found["run"] = list(session.scalars(select(RunRow.label).order_by(RunRow.id.desc()).limit(200)))
    return found


def rules(session: Session, filters: Filters) -> list[Any]:
    """Return the rules that hit in the assessments of a search: rule, severity, subjects, findings; most first."""
    subject_count = func.count(FindingRow.assessment_id.distinct())
    return list(
        session.execute(
            select(FindingRow.rule, FindingRow.severity, subject_count, func.count())
            .where(*_findings_of(filters))
            .group_by(FindingRow.rule, FindingRow.severity)
            .order_by(subject_count.desc(), FindingRow.rule)
        )
    )


def _findings_of(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on findings: their assessments as searched (once, not for each finding), rule, severity."""
    about = replace(filters, rule="", severity="")
    found: list[ColumnElement[bool]] = [
        FindingRow.assessment_id.in_(select(AssessmentRow.id).where(*conditions(about)))
    ]
    if filters.rule:
        found.append(FindingRow.rule == filters.rule)
    if filters.severity:
        found.append(FindingRow.severity == filters.severity)
    return found


def findings(session: Session, filters: Filters, after: int = 0) -> Listing:
    """Return one page of the findings of a search with their subjects."""
    query = (
        select(
            FindingRow.id,
            FindingRow.group_key,
            FindingRow.evidence_total,
            AssessmentRow.id.label("assessment"),
            AssessmentRow.name,
            AssessmentRow.identifier,
            AssessmentRow.store,
        )
        .join(AssessmentRow, AssessmentRow.id == FindingRow.assessment_id)
        .where(FindingRow.id > after, *_findings_of(filters))
        .order_by(FindingRow.id)
        .limit(PAGE + 1)
    )
    rows = list(session.execute(query))
    return Listing(rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else "")


def queue(
    session: Session, scope: str, user_id: int, control: str = "", assessment: int = 0, cursor: str = ""
) -> Listing:
    """Return one page of manual items of current assessments: ``scope`` open, mine or proposed."""
    identifier, name = AssessmentRow.identifier, ControlRow.control
    of_item = and_(ClaimRow.identifier == identifier, ClaimRow.control == name)
    concerns = and_(DecisionRow.control == name, DecisionRow.subject.in_([AssessmentRow.sha256, identifier]))
    today = datetime.now(UTC).date()
    holds = or_(DecisionRow.until.is_(None), DecisionRow.until >= today)
    query = (
        select(
            AssessmentRow.id,
            AssessmentRow.name,
            identifier,
            AssessmentRow.store,
            AssessmentRow.letter,
            name,
            ControlRow.verdict,
            UserRow.name.label("assignee"),
        )
        .join(ControlRow, ControlRow.assessment_id == AssessmentRow.id)
        .outerjoin(ClaimRow, of_item)
        .outerjoin(UserRow, UserRow.id == ClaimRow.user_id)
        .where(ControlRow.verdict.in_(OPEN), is_current())
    )
    if scope == "proposed":
        query = query.where(exists().where(concerns, holds, DecisionRow.state == "proposed"))
    else:
        query = query.where(~exists().where(concerns, holds, DecisionRow.state != "rejected"))
    if scope == "mine":
        query = query.where(ClaimRow.user_id == user_id)
    if control:
        query = query.where(name == control)
    if assessment:
        query = query.where(AssessmentRow.id == assessment)
    after = _cursor(cursor)
    if after is not None:
        last, ident = after
        query = query.where(or_(AssessmentRow.id < ident, and_(AssessmentRow.id == ident, name > str(last))))
    rows = list(session.execute(query.order_by(AssessmentRow.id.desc(), name).limit(PAGE + 1)))
    end = _encode([rows[PAGE - 1].control, rows[PAGE - 1].id]) if len(rows) > PAGE else ""
    return Listing(rows[:PAGE], end)


def statistics(session: Session, filters: Filters) -> dict[str, list[tuple[str, int]]]:
    """Return the number of current assessments by letter, store, category and region, most first."""
    found = {}
    where = conditions(filters)
    for name in ("letter", "store", "category", "region"):
        column = getattr(AssessmentRow, name)
        rows = session.execute(
            select(func.coalesce(column, ""), func.count())
            .where(*where)
            .group_by(func.coalesce(column, ""))
            .order_by(func.min(-AssessmentRow.score) if name == "letter" else func.count().desc())
            .limit(30)
        )
        found[name] = [(str(value), int(count)) for value, count in rows]
    return found
