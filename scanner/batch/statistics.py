"""Indicators over the store: what happened in a span of time, in all and by region, category, store, period or rule.

A subject is a package or site in one store; it counts once, with its newest assessment of the span.  Targets that
could not be examined stay in the denominators.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from scanner.batch.reasons import reason_of
from scanner.batch.schema import AssessmentRow, ControlRow, FindingRow, RunRow, TaskRow
from scanner.batch.store import Store
from scanner.model import Confidence, Severity, Text, Verdict
from scanner.rulepack import Pack
from scanner.supervision import (
    UNKNOWN,
    Dimension,
    Failed,
    Group,
    IndexRules,
    Share,
    Statistics,
    index,
    median,
    quality,
    share,
)

BEIJING = timezone(
    timedelta(hours=8), "Asia/Shanghai"
)  # the civil time of a Chinese month; no daylight saving
FIELDS = ("region", "category", "store", "developer")


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule with findings in an assessment; ``confirmed``: certain evidence, and the control's verdict is 不符合."""

    rule: str
    severity: Severity
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """The newest assessment of a subject in a span, without its texts."""

    ident: int
    assessed_at: datetime
    values: Mapping[str, str | None]
    letter: str
    score: int
    provisional: bool
    counts: Mapping[str, int]
    pack: str
    profile: str
    hits: tuple[Hit, ...]

    @property
    def critical(self) -> bool:
        """Whether a critical violation is confirmed."""
        return any(hit.confirmed and hit.severity is Severity.CRITICAL for hit in self.hits)


@dataclass(frozen=True, slots=True)
class Aim:
    """A target of the span: its state after all runs, why it failed, what a list or its assessment says of it."""

    at: datetime
    state: str
    code: str
    values: Mapping[str, str | None]
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Everything the indicators of one span need."""

    subjects: tuple[Subject, ...]
    targets: tuple[Aim, ...]


def statistics(
    store: Store,
    pack: Pack,
    rules: IndexRules,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    by: Dimension | None = None,
) -> Statistics:
    """Return the indicators of what was assessed from ``start`` on and before ``end``."""
    part = read(store, pack, start, end)
    groups: list[Group] = []
    if by == "period":
        groups = [group(month, read(store, pack, *span(month)), rules) for month in months(store, start, end)]
    elif by in FIELDS:
        groups = grouped(part, by, rules)
    failures = Counter(target.code for target in part.targets if target.state == "failed")
    reasons = {target.code: target.reason for target in part.targets if target.state == "failed"}
    return Statistics(
        start=start,
        end=end,
        by=by,
        total=group("", part, rules),
        groups=tuple(groups),
        rules=by_rule(part.subjects, pack, rules),
        phrases=by_phrase(part.subjects, pack, rules),
        failures=tuple(
            Failed(code=code, count=count, reason=reasons[code])
            for code, count in sorted(failures.items(), key=lambda pair: (-pair[1], pair[0]))
        ),
        packs=tuple(sorted({subject.pack for subject in part.subjects})),
        profiles=tuple(sorted({subject.profile for subject in part.subjects})),
        method=rules,
    )


# --- reading ----------------------------------------------------------------------------------------------


def read(store: Store, pack: Pack, start: datetime | None, end: datetime | None) -> Slice:
    """Read the newest assessment of each subject in the span, its hits, and the span's targets."""
    table = newest(start, end).subquery()
    columns = [c for c in table.c if c.name not in {"place"}]
    with store.session() as session:
        rows = (
            session.execute(select(*columns).where(table.c.place == 1).order_by(table.c.id)).mappings().all()
        )
        wanted = select(table.c.id).where(table.c.place == 1)
        found = session.execute(
            select(FindingRow.assessment_id, FindingRow.rule, FindingRow.severity, FindingRow.confidence)
            .where(FindingRow.assessment_id.in_(wanted))
            .distinct()
        ).all()
        broken = session.execute(
            select(ControlRow.assessment_id, ControlRow.control).where(
                ControlRow.assessment_id.in_(wanted), ControlRow.verdict == Verdict.VIOLATION.value
            )
        ).all()
        states = session.execute(tasks(start, end)).mappings().all()
    hits = confirm(found, broken, pack)
    subjects = tuple(
        Subject(
            ident=row["id"],
            assessed_at=row["assessed_at"],
            values={name: row[name] for name in FIELDS},
            letter=row["letter"],
            score=row["score"],
            provisional=row["provisional"],
            counts={
                "violation": row["violations"],
                "suspected": row["suspected"],
                "manual": row["manual"],
                "compliant": row["compliant"],
                "not_applicable": row["not_applicable"],
            },
            pack=row["pack_version"],
            profile=row["profile"],
            hits=tuple(hits.get(row["id"], ())),
        )
        for row in rows
    )
    return Slice(subjects, aims(states))


def confirm(found: Iterable[Any], broken: Iterable[Any], pack: Pack) -> dict[int, list[Hit]]:
    """Return the hits of each assessment from ``(assessment, rule, severity, confidence)`` and broken controls."""
    controls: dict[int, set[str]] = {}
    for ident, control in broken:
        controls.setdefault(ident, set()).add(control)
    users: dict[str, set[str]] = {}
    for control in pack.controls.values():
        for rule in control.rules:
            users.setdefault(rule, set()).add(control.id)
    hits: dict[int, list[Hit]] = {}
    for ident, rule, severity, confidence in sorted(found, key=lambda row: (row[0], row[1])):
        certain = confidence == Confidence.CERTAIN.value
        confirmed = certain and bool(users.get(rule, set()) & controls.get(ident, set()))
        hits.setdefault(ident, []).append(Hit(rule, Severity(severity), confirmed))
    return hits


def newest(start: datetime | None, end: datetime | None) -> Select[Any]:
    """Return the query for the assessments of the span; ``place`` 1 marks the newest of each subject."""
    row = AssessmentRow
    place = func.row_number().over(
        partition_by=(row.kind, row.identifier, func.coalesce(row.store, "")),
        order_by=(row.assessed_at.desc(), row.id.desc()),
    )
    columns = [c for c in row.__table__.columns if c.name not in {"body"}]
    return select(*columns, place.label("place")).where(*within(row.assessed_at, start, end))


def within(column: Any, start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions that ``column`` lies in the span."""
    found: list[ColumnElement[bool]] = []
    if start is not None:
        found.append(column >= start)
    if end is not None:
        found.append(column < end)
    return found


def tasks(start: datetime | None, end: datetime | None) -> Select[Any]:
    """Return the query for the tasks of the span's runs, in order of time, with what is known of their subjects."""
    return (
        select(
            RunRow.now,
            TaskRow.key,
            TaskRow.state,
            TaskRow.error_code,
            TaskRow.error_zh,
            TaskRow.error_en,
            TaskRow.location,
            TaskRow.meta,
            *(getattr(AssessmentRow, name).label(name) for name in FIELDS),
        )
        .join(RunRow, TaskRow.run_id == RunRow.id)
        .outerjoin(AssessmentRow, TaskRow.assessment_id == AssessmentRow.id)
        .where(*within(RunRow.now, start, end))
        .order_by(RunRow.now, TaskRow.id)
    )


def aims(rows: Sequence[Any]) -> tuple[Aim, ...]:
    """Return one target per key: examined if any run of the span examined it, else as the last run left it."""
    found: dict[str, Aim] = {}
    for row in rows:
        before = found.get(row["key"])
        if before is not None and before.state == "done" and row["state"] != "done":
            continue
        meta = row["meta"]
        found[row["key"]] = Aim(
            row["now"],
            row["state"],
            row["error_code"] or "",
            {name: row[name] or meta.get(name) for name in FIELDS},
            reason_of(row["location"], row["error_zh"], row["error_en"]),
        )
    return tuple(found.values())


# --- periods ----------------------------------------------------------------------------------------------


def span(period: str) -> tuple[datetime, datetime]:
    """Return the first moment of ``2026``, ``2026-Q4`` or ``2026-11`` in Beijing time, and the first after it.

    Raises ValueError for anything else.
    """
    year, _, part = period.partition("-")
    if not (len(year) == 4 and year.isascii() and year.isdigit()):
        raise ValueError(period)
    first, length = 1, 12
    if part[:1] in {"Q", "q"} and part[1:] in {"1", "2", "3", "4"}:
        first, length = 3 * int(part[1:]) - 2, 3
    elif len(part) == 2 and part.isascii() and part.isdigit() and 1 <= int(part) <= 12:
        first, length = int(part), 1
    elif part or "-" in period:
        raise ValueError(period)
    return _month(int(year), first), _month(int(year), first + length)


def _month(year: int, month: int) -> datetime:
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=BEIJING)


def months(store: Store, start: datetime | None, end: datetime | None) -> list[str]:
    """Return the months from the first to the last assessment or run of the span, as ``2026-11``."""
    ends: list[datetime] = []
    with store.session() as session:
        for column in (AssessmentRow.assessed_at, RunRow.now):
            found = session.execute(
                select(func.min(column), func.max(column)).where(*within(column, start, end))
            ).one()
            ends += [moment.astimezone(BEIJING) for moment in found if moment is not None]
    if not ends:
        return []
    first, last = min(ends), max(ends)
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    return [_month(first.year, first.month + n).strftime("%Y-%m") for n in range(count)]


# --- indicators -------------------------------------------------------------------------------------------


def grouped(part: Slice, by: str, rules: IndexRules) -> list[Group]:
    """Return a group per value of ``by``, biggest first; subjects and targets without a value are a group too."""
    subjects: dict[str, list[Subject]] = {}
    targets: dict[str, list[Aim]] = {}
    for subject in part.subjects:
        subjects.setdefault(subject.values.get(by) or UNKNOWN, []).append(subject)
    for target in part.targets:
        targets.setdefault(target.values.get(by) or UNKNOWN, []).append(target)
    found = [
        group(key, Slice(tuple(subjects.get(key, ())), tuple(targets.get(key, ()))), rules)
        for key in {**subjects, **targets}
    ]
    return sorted(found, key=lambda item: (-item.subjects, -item.targets, item.key))


def group(key: str, part: Slice, rules: IndexRules) -> Group:
    """Return the numbers of one group."""
    states = Counter(target.state for target in part.targets)
    clauses: Counter[str] = Counter()
    for subject in part.subjects:
        clauses.update(subject.counts)
    n, targets = len(part.subjects), len(part.targets)
    applicable = sum(clauses.values()) - clauses["not_applicable"]
    scores = [subject.score for subject in part.subjects]
    letters = Counter(subject.letter for subject in part.subjects)
    return Group(
        key=key,
        subjects=n,
        targets=targets,
        examined=states["done"],
        failed=states["failed"],
        pending=states["pending"],
        coverage=round(states["done"] / targets, 4) if targets else None,
        with_violation=sum(subject.counts["violation"] > 0 for subject in part.subjects),
        with_suspected=sum(subject.counts["suspected"] > 0 for subject in part.subjects),
        with_critical=sum(subject.critical for subject in part.subjects),
        provisional=sum(subject.provisional for subject in part.subjects),
        letters=dict(sorted(letters.items())),
        clauses={verdict.value: clauses[verdict.value] for verdict in Verdict},
        decided=round((applicable - clauses["manual"]) / applicable, 4) if applicable else None,
        mean_score=round(sum(scores) / n, 2) if n else None,
        median_score=median(scores),
        median_violations=median([subject.counts["violation"] for subject in part.subjects]),
        index=index(
            (
                quality(s.score, s.counts["violation"], critical=s.critical, rules=rules)
                for s in part.subjects
            ),
            rules,
        ),
        small=n < rules.small_sample,
        upper_bound=not applicable or (applicable - clauses["manual"]) / applicable < rules.provisional_below,
    )


def by_rule(subjects: Sequence[Subject], pack: Pack, rules: IndexRules) -> tuple[Share, ...]:
    """Return for each rule how many subjects it hit; a rule the pack no longer has keeps its id as its name."""
    seen: Counter[str] = Counter()
    confirmed: Counter[str] = Counter()
    for subject in subjects:
        seen.update({hit.rule for hit in subject.hits})
        confirmed.update({hit.rule for hit in subject.hits if hit.confirmed})
    labels = {name: pack.rules[name].title if name in pack.rules else Text(zh=name, en=name) for name in seen}
    return _shares(seen, confirmed, labels, len(subjects), rules)


def by_phrase(subjects: Sequence[Subject], pack: Pack, rules: IndexRules) -> tuple[Share, ...]:
    """Return for each bulletin phrase how many subjects have a finding that a notice would name so."""
    names = {rule.id: [phrase.id for phrase in pack.phrases(rule)[:1]] for rule in pack.rules.values()}
    seen: Counter[str] = Counter()
    confirmed: Counter[str] = Counter()
    for subject in subjects:
        seen.update({name for hit in subject.hits for name in names.get(hit.rule, ())})
        confirmed.update({name for hit in subject.hits if hit.confirmed for name in names.get(hit.rule, ())})
    labels = {name: Text(zh=pack.bulletin[name].phrase, en=pack.bulletin[name].en) for name in seen}
    return _shares(seen, confirmed, labels, len(subjects), rules)


def _shares(
    seen: Counter[str], confirmed: Counter[str], labels: Mapping[str, Text], n: int, rules: IndexRules
) -> tuple[Share, ...]:
    return tuple(
        Share(
            key=name,
            label=labels[name],
            subjects=count,
            confirmed=confirmed[name],
            of=n,
            share=share(count, n, rules.z),
        )
        for name, count in sorted(seen.items(), key=lambda pair: (-pair[1], -confirmed[pair[0]], pair[0]))
    )
