"""Pages for looking: subjects, runs, reports, comparison, findings, statistics, exports; and people and audit log."""

from __future__ import annotations

import csv
import io
import re
import secrets
from typing import Any

from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from reports import WRITERS, MissedGatherer, charts, supervisionpages
from reports.csvout import BOM, neutral
from reports.diffout import DIFF_WRITERS
from reports.diffview import DiffView
from reports.html import content_policy, style_policy, template_source
from reports.lists import Missed
from scanner.batch import statistics as indicators
from scanner.batch.schema import AssessmentRow, RunRow, TaskRow
from scanner.batch.schema_console import (
    AuditRow,
    DecisionEvidenceRow,
    DecisionRow,
    SessionRow,
)
from scanner.batch.status import status
from scanner.console import audit, decisions, queries, users
from scanner.console.missed import missed_targets
from scanner.console.queries import Filters
from scanner.console.web import Call, failure, small, source
from scanner.diff import compare as compare_assessments
from scanner.errors import InputError
from scanner.model import SEVERITY_LABELS, VERDICT_LABELS, Severity, Text, Verdict
from scanner.supervision import supervision_rules

MAX_ROWS = 20_000
MAX_REPORTS = 200
MAX_INDICATORS = 5_000  # beyond so many subjects the page would be slow; the summary report has them
AUDIT_PAGE = 100
EXPORT: tuple[str, ...] = (
    *("id", "name", "identifier", "version", "developer", "store", "category", "region", "letter", "score"),
    *(
        "violations",
        "suspected",
        "manual",
        "compliant",
        "not_applicable",
        "findings",
        "assessed_at",
        "sha256",
    ),
)
HEADS = {
    "id": Text(zh="编号", en="ID"),
    "name": Text(zh="名称", en="Name"),
    "identifier": Text(zh="标识", en="Identifier"),
    "version": Text(zh="版本", en="Version"),
    "developer": Text(zh="运营者", en="Developer"),
    "store": Text(zh="应用商店", en="Store"),
    "category": Text(zh="类别", en="Category"),
    "region": Text(zh="地区", en="Region"),
    "letter": Text(zh="等级", en="Grade"),
    "score": Text(zh="得分", en="Score"),
    "violations": Text(zh="不符合", en="Violations"),
    "suspected": Text(zh="疑似", en="Suspected"),
    "manual": Text(zh="需人工核查", en="Manual"),
    "compliant": Text(zh="符合", en="Compliant"),
    "not_applicable": Text(zh="不适用", en="Not applicable"),
    "findings": Text(zh="问题数", en="Findings"),
    "assessed_at": Text(zh="评估时间", en="Assessed"),
    "sha256": Text(zh="SHA-256", en="SHA-256"),
}


def health(call: Call) -> Response:
    """Whether the store answers."""
    with call.console.store.session() as session:
        session.scalar(select(1))
    return Response("ok\n", media_type="text/plain")


def metrics(call: Call) -> Response:
    """Return counts in the Prometheus text format 0.0.4."""
    console = call.console
    lines = ["# TYPE guijian_console_requests_total counter"]
    for (method, code), count in sorted(console.requests.items()):
        shown = method if method in {"GET", "POST", "HEAD"} else "OTHER"
        lines.append(f'guijian_console_requests_total{{method="{shown}",status="{code}"}} {count}')
    lines.append("# TYPE guijian_console_request_seconds_total counter")
    lines.append(f"guijian_console_request_seconds_total {console.seconds:.3f}")
    with console.store.session() as session:
        gauges = {
            "assessments": session.scalar(select(func.count()).select_from(AssessmentRow)),
            "runs": session.scalar(select(func.count()).select_from(RunRow)),
            "sessions": session.scalar(select(func.count()).select_from(SessionRow)),
            "decisions": session.scalar(select(func.count()).select_from(DecisionRow)),
            "audit_entries": session.scalar(select(func.count()).select_from(AuditRow)),
        }
        states = session.execute(select(TaskRow.state, func.count()).group_by(TaskRow.state)).all()
    for name, value in gauges.items():
        lines += [f"# TYPE guijian_{name} gauge", f"guijian_{name} {value}"]
    lines.append("# TYPE guijian_tasks gauge")
    lines += [f'guijian_tasks{{state="{state}"}} {count}' for state, count in states]
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8")


def style(_: Call) -> Response:
    """Return the style sheet."""
    return Response(source("console.css"), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def icon(_: Call) -> Response:
    """Return the icon browsers ask for."""
    return Response(source("icon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "max-age=3600"})


# --- subjects -----------------------------------------------------------------------------------------


def subjects(call: Call) -> Response:
    """List and search assessments."""
    query = call.request.query_params
    filters = Filters.of(query)
    with call.console.store.session() as session:
        listing = queries.subjects(session, filters, query.get("after", ""))
        choices = queries.choices(session)
    rules = call.console.pack.rules
    return call.page(
        "subjects.html",
        filters=filters,
        asked=filters.query(),
        listing=listing,
        choices=choices,
        heads=HEADS,
        sorts=queries.SORTS,
        severities={s.value: SEVERITY_LABELS[s].get(call.lang) for s in Severity},
        rule_title=_rule_title(call, filters.rule) if filters.rule in rules else filters.rule,
    )


def _rule_title(call: Call, rule: str) -> str:
    known = call.console.pack.rules.get(rule)
    return known.title.get(call.lang) if known else rule


def runs(call: Call) -> Response:
    """List the batch runs and how they stand."""
    with call.console.store.session() as session:
        labels = list(session.scalars(select(RunRow.label).order_by(RunRow.id.desc()).limit(100)))
    return call.page("runs.html", runs=[s for label in labels if (s := status(call.console.store, label))])


def subject(call: Call) -> Response:
    """Show one assessment, the history of its subject and what humans decided."""
    ident = call.number("ident")
    loaded = decisions.load(call.console.store, ident, call.console.pack, call.console.clock())
    if loaded is None:
        raise HTTPException(404)
    row = loaded.row
    with call.console.store.session() as session:
        columns = [getattr(AssessmentRow, name) for name in queries.COLUMNS]
        history = session.execute(
            select(*columns)
            .where(AssessmentRow.identifier == row.identifier)
            .order_by(AssessmentRow.assessed_at.desc(), AssessmentRow.id.desc())
            .limit(200)
        ).all()
        made = session.scalars(
            select(DecisionRow)
            .where(DecisionRow.subject.in_([s for s in (row.sha256, row.identifier) if s]))
            .order_by(DecisionRow.id.desc())
            .limit(200)
        ).all()
        attached = session.scalars(
            select(DecisionEvidenceRow).where(DecisionEvidenceRow.decision_id.in_([d.id for d in made]))
        ).all()
        session.expunge_all()
    controls = call.console.pack.controls
    return call.page(
        "subject.html",
        row=row,
        loaded=loaded,
        view=None if loaded.pack_changed and not loaded.again else _view(call, loaded),
        history=history,
        made=made,
        files={d.id: [f for f in attached if f.decision_id == d.id] for d in made},
        titles={c.id: c.title.get(call.lang) for c in controls.values()},
        verdicts={v.value: VERDICT_LABELS[v].get(call.lang) for v in Verdict},
    )


def _view(call: Call, loaded: decisions.Loaded) -> Any:
    return decisions.view_of(loaded, call.console.pack, call.lang)


def report(call: Call) -> Response:
    """Return the full report as a document of its own: its own policy, sandboxed, no access to the session."""
    ident = call.number("ident")
    with call.console.store.session() as session:
        row = session.execute(
            select(AssessmentRow.sha256, AssessmentRow.identifier, AssessmentRow.profile).where(
                AssessmentRow.id == ident
            )
        ).first()
        if row is None:
            raise HTTPException(404)
        if row.profile not in call.console.pack.profiles:
            return failure(call, 404, Text(zh="当前规则包没有该方案", en="today's rules lack this profile"))
        about = DecisionRow.subject.in_([s for s in (row.sha256, row.identifier) if s])
        valid = session.execute(
            select(func.count(), func.max(DecisionRow.id)).where(about, DecisionRow.state == "valid")
        ).one()
    day = call.console.clock().date().isoformat()
    made = call.console.report(ident, call.lang, (valid[0], valid[1] or 0), day)
    if made is None:
        raise HTTPException(404)
    policy = content_policy(template_source("report.css"), template_source("report.js"))
    policy += "; frame-ancestors 'none'; sandbox allow-scripts allow-popups allow-modals"
    return Response(made, media_type="text/html", headers={"Content-Security-Policy": policy})


def compare(call: Call) -> Response:
    """Return the comparison of two assessments as a document of its own."""
    old, new = (small(call.request.query_params.get(name, "")) for name in ("old", "new"))
    console = call.console
    sides = [decisions.load(console.store, i, console.pack, console.clock()) for i in (old, new)]
    before, after = sides
    if before is None or after is None:
        raise HTTPException(404)
    diff = compare_assessments(
        (before.facts, before.assessment),
        (after.facts, after.assessment),
    )
    view = DiffView(diff, before.facts, after.facts, console.pack, call.lang)
    policy = style_policy(template_source("report.css") + template_source("diff.css"))
    policy += "; frame-ancestors 'none'; sandbox"
    page = DIFF_WRITERS["html"].load()(view)
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": policy})


def findings(call: Call) -> Response:
    """List the rules that hit, or the findings of one rule across subjects."""
    query = call.request.query_params
    filters = Filters.of(query)
    after = query.get("after", "0")
    with call.console.store.session() as session:
        rules = queries.rules(session, filters) if not filters.rule else []
        listing = (
            queries.findings(session, filters, int(after) if re.fullmatch(r"[0-9]{1,15}", after) else 0)
            if filters.rule
            else None
        )
    titles = {rule.id: rule.title.get(call.lang) for rule in call.console.pack.rules.values()}
    severities = {s.value: SEVERITY_LABELS[s].get(call.lang) for s in Severity}
    return call.page(
        "findings.html",
        filters=filters,
        asked=filters.query(),
        rules=rules,
        listing=listing,
        titles=titles,
        severities=severities,
    )


def statistics(call: Call) -> Response:
    """Show counts of current assessments; for the whole store also the indicators with index, interval and coverage."""
    filters = Filters.of(call.request.query_params)
    with call.console.store.session() as session:
        found = queries.statistics(session, filters)
    total = sum(count for _, count in found["letter"])
    whole = None
    if not filters.query() and 0 < total <= MAX_INDICATORS:
        numbers = indicators.statistics(call.console.store, call.console.pack, supervision_rules().index)
        whole = supervisionpages.stats_page(numbers, call.lang)
    tables = [
        (
            name,
            HEADS[name].get(call.lang),
            charts.bars([(value, [("count", value, count)]) for value, count in rows]),
        )
        for name, rows in found.items()
    ]
    return call.page("statistics.html", tables=tables, total=total, whole=whole)


def export(call: Call) -> Response:
    """Return the filtered set: ``csv`` one row a subject, ``notice.xlsx`` the workbook of reports.xlsx."""
    form = call.request.path_params["form"]
    filters = Filters.of({name: call.text(name) for name in Filters.__slots__})
    limits = {"csv": MAX_ROWS, "notice.xlsx": MAX_REPORTS}
    if form not in limits:
        raise HTTPException(404)
    with call.console.store.session() as session:
        listing = queries.subjects(session, filters, limit=limits[form])
    if listing.cursor:
        raise InputError(
            "export-large",
            Text(
                zh=f"共 {listing.total} 项，此格式一次最多导出 {limits[form]} 项，请缩小筛选范围",
                en=f"{listing.total} subjects; this format takes {limits[form]} at once: narrow the search",
            ),
        )
    if form == "csv":
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow([HEADS[name].get(call.lang) for name in EXPORT])
        for row in listing.rows:
            cells = (getattr(row, name) for name in EXPORT)
            writer.writerow([neutral(c if isinstance(c, str | int) else str(c or "")) for c in cells])
        body, kind = (BOM + buffer.getvalue()).encode(), "text/csv; charset=utf-8"
    else:
        gatherer = WRITERS["xlsx"].gather(call.console.pack, call.lang)
        for row in listing.rows:
            loaded = decisions.load(call.console.store, row.id, call.console.pack, call.console.clock())
            if loaded is not None and row.profile in call.console.pack.profiles:
                gatherer.add(_view(call, loaded))
        if isinstance(gatherer, MissedGatherer):
            for target in _missed(call, filters):
                gatherer.missed(target)
        body, kind = gatherer.finish(), WRITERS["xlsx"].media_type
    details: dict[str, str | int | bool | None] = {"rows": len(listing.rows), **filters.query()}
    call.console.store.transact(
        lambda session: audit.append(session, call.who.name, "export", form, call.address, details)
    )
    name = "guijian-results.csv" if form == "csv" else "guijian-notice.xlsx"
    return Response(body, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _missed(call: Call, filters: Filters) -> list[Missed]:
    """Return the targets that were not examined, of the run searched for or of all.

    A search by what an examination finds cannot ask for them, so they are left out of such a list.
    """
    asked = filters.query().keys() - {"run", "every", "sort", "order"}
    if asked:
        return []
    if not filters.run:
        return missed_targets(call.console.store)
    run = call.console.store.find_run(filters.run)
    return missed_targets(call.console.store, run.id) if run is not None else []


# --- administration -----------------------------------------------------------------------------------


def audit_log(call: Call) -> Response:
    """Show the audit log, newest first, and whether its chain is whole."""
    text = call.request.query_params.get("before", "")
    with call.console.store.session() as session:
        query = select(AuditRow).order_by(AuditRow.position.desc()).limit(AUDIT_PAGE)
        if re.fullmatch(r"\d{1,15}", text):
            query = query.where(AuditRow.position < int(text))
        rows = session.scalars(query).all()
        result = audit.verify(session)
        session.expunge_all()
    return call.page("audit.html", rows=rows, result=result)


def users_list(call: Call) -> Response:
    """List the users."""
    return call.page("users.html", people=users.people(call.console.store), shown="", shown_name="")


def users_change(call: Call) -> Response:
    """Add, enable, disable or reset a user, or change a role; a new password is shown once."""
    name, action, role = call.text("name", 60), call.text("action"), call.text("role")
    store, actor, shown = call.console.store, call.who.name, ""
    if name == actor and action != "add":
        raise InputError("user-self", Text(zh="不能更改自己的账号", en="you cannot change your own account"))
    if action in {"add", "reset"}:
        shown = secrets.token_urlsafe(15)
    if action == "add":
        users.add(store, name, role, shown, actor, must_change=True)
    elif action == "reset":
        users.set_password(store, name, shown, actor, must_change=True)
    elif action in {"enable", "disable"}:
        users.set_active(store, name, action == "enable", actor)
    elif action == "role":
        users.set_role(store, name, role, actor)
    else:
        raise HTTPException(400)
    return call.page("users.html", people=users.people(store), shown=shown, shown_name=name)
