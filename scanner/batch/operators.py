"""The record of each operator over time, and what rules/supervision.yaml proposes from it.

A violation counts as fixed only when a later examination of a different package, with the same rules and nothing
unread, no longer shows it; whatever merely is not seen any more is unconfirmed.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select

from scanner.batch.schema import AssessmentRow, ControlRow, FactsRow, FindingRow, RunRow, TaskRow
from scanner.batch.statistics import Hit, aims, confirm, tasks, within
from scanner.batch.store import Store
from scanner.model import Severity, Verdict
from scanner.rulepack import Pack
from scanner.supervision import Course, Operator, Proposal, SupervisionRules, Visit, When

REASSESSED = "reassess:"


def operators(
    store: Store, pack: Pack, rules: SupervisionRules, now: datetime, name: str | None = None
) -> list[Operator]:
    """Return the records of all operators (or of ``name``) up to ``now``, by name, with their proposals.

    Assessments made only by ``guijian batch reassess`` are left out: nobody looked at the product again.
    """
    end = now + timedelta(microseconds=1)
    row = AssessmentRow
    again = (
        select(TaskRow.assessment_id)
        .join(RunRow, TaskRow.run_id == RunRow.id)
        .where(TaskRow.assessment_id.is_not(None))
        .group_by(TaskRow.assessment_id)
        .having(func.min(case((RunRow.source.startswith(REASSESSED), 1), else_=0)) == 1)
    )
    of_name = [row.developer.is_not(None) if name is None else row.developer == name]
    wanted = [*of_name, *within(row.assessed_at, None, end), row.id.not_in(again)]
    columns = [c for c in row.__table__.columns if c.name != "body"]
    with store.session() as session:
        rows = (
            session.execute(
                select(*columns, (FactsRow.gaps + FactsRow.problems).label("unread"))
                .join(FactsRow, row.facts_id == FactsRow.id)
                .where(*wanted)
                .order_by(row.assessed_at, row.id)
            )
            .mappings()
            .all()
        )
        idents = select(row.id).where(*wanted)
        finding = FindingRow
        found = session.execute(
            select(finding.assessment_id, finding.rule, finding.severity, finding.confidence)
            .where(finding.assessment_id.in_(idents))
            .distinct()
        ).all()
        broken = session.execute(
            select(ControlRow.assessment_id, ControlRow.control).where(
                ControlRow.assessment_id.in_(idents), ControlRow.verdict == Verdict.VIOLATION.value
            )
        ).all()
        failed = [
            aim for aim in aims(session.execute(tasks(None, end)).mappings().all()) if aim.state == "failed"
        ]
    hits = confirm(found, broken, pack)
    severity = {hit.rule: hit.severity for part in hits.values() for hit in part}
    visits: dict[str, list[Visit]] = {}
    for entry in rows:
        visits.setdefault(entry["developer"], []).append(_visit(entry, hits.get(entry["id"], ())))
    failures: dict[str, list[datetime]] = {}
    for aim in failed:
        developer = aim.values["developer"]
        if developer and name in {None, developer}:
            failures.setdefault(developer, []).append(aim.at)
    records = []
    for developer in sorted({*visits, *failures}):
        record = Operator(
            name=developer,
            visits=tuple(visits.get(developer, ())),
            courses=courses(visits.get(developer, ()), severity),
            failures=tuple(sorted(failures.get(developer, ()))),
        )
        records.append(record.model_copy(update={"proposals": proposals(record, rules, now)}))
    return records


def _visit(row: Mapping[Any, Any], hits: Sequence[Hit]) -> Visit:
    where = f" @ {row['store']}" if row["store"] else ""
    return Visit(
        assessed_at=row["assessed_at"],
        subject=f"{row['kind']}:{row['identifier']}{where}",
        name=row["name"],
        version=row["version"],
        sha256=row["sha256"],
        letter=row["letter"],
        score=row["score"],
        violations=row["violations"],
        suspected=row["suspected"],
        manual=row["manual"],
        gaps=row["unread"],
        pack=row["pack_sha256"],
        profile=row["profile"],
        confirmed=tuple(sorted({hit.rule for hit in hits if hit.confirmed})),
        leads=tuple(sorted({hit.rule for hit in hits if not hit.confirmed})),
    )


def courses(visits: Iterable[Visit], severity: Mapping[str, Severity]) -> tuple[Course, ...]:
    """Return what became of each violation of each subject; ``visits`` are in order of time."""
    by_subject: dict[str, list[Visit]] = {}
    for visit in visits:
        by_subject.setdefault(visit.subject, []).append(visit)
    found = []
    for subject in sorted(by_subject):
        examined = by_subject[subject]
        for rule in sorted({rule for visit in examined for rule in visit.confirmed}):
            found.append(_course(rule, severity[rule], examined))
    return tuple(found)


def _course(rule: str, severity: Severity, visits: Sequence[Visit]) -> Course:
    seen: list[Visit] = []
    since: datetime | None = None
    state = "unconfirmed"
    remained, returned = 0, False
    for visit in visits:
        if rule in visit.confirmed:
            if state == "fixed":
                returned, since = True, None
            since = since or visit.assessed_at
            remained = max(remained, (visit.assessed_at - since).days)
            state = "open"
            seen.append(visit)
        elif seen and state != "fixed":
            state = "fixed" if _proves_fix(rule, seen[-1], visit) else "unconfirmed"
    return Course(
        subject=visits[0].subject,
        name=seen[-1].name,
        rule=rule,
        severity=severity,
        first_seen=seen[0].assessed_at,
        last_seen=seen[-1].assessed_at,
        times=len(seen),
        state=state,
        remained=remained,
        returned=returned,
    )


def _proves_fix(rule: str, before: Visit, after: Visit) -> bool:
    return (
        rule not in after.leads
        and after.gaps == 0
        and after.sha256 != before.sha256
        and (after.pack, after.profile) == (before.pack, before.profile)
    )


def proposals(record: Operator, rules: SupervisionRules, now: datetime) -> tuple[Proposal, ...]:
    """Return the proposals whose condition the record fulfils; each names its facts and basis, none decides."""
    found = []
    for rule in rules.proposals:
        name, limit = rule.when.counted
        count = _count(name, record, rule.when, now)
        if count < limit:
            continue
        values = {"count": count, "limit": limit, "months": rule.when.months, "days": rule.when.days}
        reason = rule.reason.model_copy(
            update={"zh": rule.reason.zh.format(**values), "en": rule.reason.en.format(**values)}
        )
        basis = tuple(rules.documents[document] for document in rule.basis)
        found.append(Proposal(rule=rule.id, list=rule.list, count=count, reason=reason, basis=basis))
    return tuple(found)


def _count(name: str, record: Operator, when: When, now: datetime) -> int:
    since = months_before(now, when.months)
    order = list(Severity)
    failures = sum(since <= moment <= now for moment in record.failures)
    if name == "failures":
        return failures
    if name == "clean":
        recent = [visit for visit in record.visits if since <= visit.assessed_at <= now]
        spotless = all(v.violations + v.suspected + v.manual + v.gaps == 0 for v in recent)
        return len(recent) if spotless and not failures else 0
    bad = [
        course
        for course in record.courses
        if since <= course.last_seen <= now and order.index(course.severity) <= order.index(when.severity)
    ]
    if name == "unresponsive":
        return sum(course.state == "open" and course.remained >= max(when.days, 1) for course in bad)
    if name == "recurrent":
        return sum(course.returned for course in bad)
    return len(bad)


def months_before(moment: datetime, months: int) -> datetime:
    """Return the same time of day ``months`` earlier; of a day the month lacks, its last day."""
    year, month = divmod(12 * moment.year + moment.month - 1 - months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
