"""The review queue: manual items, who works on them, decisions with evidence, and the second pair of eyes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from reports.clauses import ControlView
from scanner.batch.schema_console import ClaimRow, DecisionEvidenceRow, DecisionRow, EvidenceRow, UserRow
from scanner.console import audit, decisions, queries, users
from scanner.console.decisions import Loaded, Upload
from scanner.console.web import Call
from scanner.errors import InputError
from scanner.model import VERDICT_LABELS, Text, Verdict

CHOICES = (Verdict.COMPLIANT, Verdict.VIOLATION, Verdict.SUSPECTED, Verdict.NOT_APPLICABLE)


def queue(call: Call) -> Response:
    """List the manual items."""
    query = call.request.query_params
    scope = query.get("scope", "open")
    scope = scope if scope in {"open", "mine", "proposed"} else "open"
    control, about = query.get("control", "")[:100], query.get("assessment", "")
    ident = int(about) if about.isdecimal() and len(about) < 16 else 0
    with call.console.store.session() as session:
        listing = queries.queue(session, scope, call.who.id, control, ident, query.get("after", ""))
    return call.page(
        "queue.html",
        listing=listing,
        scope=scope,
        control=control,
        assessment=ident,
        titles={c.id: c.title.get(call.lang) for c in call.console.pack.controls.values()},
        verdicts={v.value: VERDICT_LABELS[v].get(call.lang) for v in Verdict},
    )


def _loaded(call: Call) -> tuple[Loaded, str]:
    console = call.console
    loaded = decisions.load(console.store, call.number("ident"), console.pack, console.clock())
    control = call.request.path_params["control"]
    if loaded is None or loaded.row.profile not in console.pack.profiles:
        raise HTTPException(404)
    if control not in {c.control for c in loaded.assessment.controls} or control not in console.pack.controls:
        raise HTTPException(404)
    return loaded, control


def _decidable(loaded: Loaded, control: str) -> bool:
    """Whether a human may decide the control: it waits for one, or one decided it before."""
    result = next(c for c in loaded.assessment.controls if c.control == control)
    return result.decision is not None or result.verdict in {Verdict.MANUAL, Verdict.SUSPECTED}


def item(call: Call) -> Response:
    """Show one manual item with its procedure, earlier decisions and the form to decide."""
    loaded, control = _loaded(call)
    view = decisions.view_of(loaded, call.console.pack, call.lang)
    shown: ControlView | None = next(
        (c for i in view.instruments for x in i.clauses for c in x.controls if c.id == control), None
    )
    clauses = [x for i in view.instruments for x in i.clauses if any(c.id == control for c in x.controls)]
    row = loaded.row
    with call.console.store.session() as session:
        made = session.scalars(
            select(DecisionRow)
            .where(
                DecisionRow.control == control,
                DecisionRow.subject.in_([s for s in (row.sha256, row.identifier) if s]),
            )
            .order_by(DecisionRow.id.desc())
        ).all()
        attached = session.scalars(
            select(DecisionEvidenceRow).where(DecisionEvidenceRow.decision_id.in_([d.id for d in made]))
        ).all()
        assignee = session.scalar(
            select(UserRow.name)
            .join(ClaimRow, ClaimRow.user_id == UserRow.id)
            .where(ClaimRow.identifier == row.identifier, ClaimRow.control == control)
        )
        session.expunge_all()
    inspectors = [p.name for p in users.people(call.console.store) if p.active and users.rank(p.role) >= 1]
    return call.page(
        "item.html",
        row=row,
        control=control,
        title=call.console.pack.controls[control].title.get(call.lang),
        shown=shown,
        clauses=clauses,
        decidable=_decidable(loaded, control),
        made=made,
        files={d.id: [f for f in attached if f.decision_id == d.id] for d in made},
        assignee=assignee or "",
        inspectors=inspectors if call.is_at_least("admin") else [],
        choices=[(v.value, v.label.get(call.lang)) for v in CHOICES],
        verdicts={v.value: VERDICT_LABELS[v].get(call.lang) for v in Verdict},
        four_eyes=call.console.settings.four_eyes,
    )


def claim(call: Call) -> Response:
    """Take an item, give it back, or (an administrator) assign it to an inspector."""
    loaded, control = _loaded(call)
    identifier = loaded.row.identifier
    wanted = call.text("assignee", 60) if call.is_at_least("admin") else call.who.name
    release = call.text("action") == "release"

    def action(session: Session) -> None:
        held = session.scalars(
            select(ClaimRow).where(ClaimRow.identifier == identifier, ClaimRow.control == control)
        ).first()
        user = session.scalars(
            select(UserRow).where(UserRow.name == (wanted or call.who.name), UserRow.active)
        ).first()
        foreign = held is not None and held.user_id != call.who.id and not call.is_at_least("admin")
        if user is None or users.rank(user.role) < 1 or foreign:
            raise InputError(
                "claim",
                Text(
                    zh="已由他人认领，或此人不能核查",
                    en="somebody else has it, or this person may not review",
                ),
            )
        if held is not None:
            session.delete(held)
            session.flush()
        if not release:
            now = datetime.now(UTC)
            session.add(ClaimRow(identifier=identifier, control=control, user_id=user.id, since=now))
        name = "release" if release else "claim"
        details = {"assignee": user.name}
        audit.append(session, call.who.name, name, f"{identifier} {control}", call.address, details)

    call.console.store.transact(action)
    return call.go(f"/queue/{loaded.row.id}/{control}")


async def decide(call: Call) -> Response:
    """Record a decision with its evidence."""
    from starlette.concurrency import run_in_threadpool  # noqa: PLC0415 - the one handler that awaits

    uploads = [Upload(name, body) for name, body in await call.files("evidence")]
    return await run_in_threadpool(_decide, call, uploads)


def _decide(call: Call, uploads: list[Upload]) -> Response:
    loaded, control = _loaded(call)
    verdicts = {v.value: v for v in CHOICES}
    verdict, why, until = verdicts.get(call.text("verdict")), call.text("why", 5000), call.text("until")
    try:
        ends = date.fromisoformat(until) if until else None
    except ValueError:
        raise _incomplete() from None
    past = ends is not None and ends < call.console.clock().date()
    if verdict is None or not why or past or len(uploads) > decisions.MAX_FILES:
        raise _incomplete()
    if not _decidable(loaded, control):
        raise InputError(
            "not-waiting", Text(zh="该控制点不待人工核查", en="this control does not await a human")
        )
    decisions.decide(
        call.console.store,
        row=loaded.row,
        control=control,
        verdict=verdict,
        who=call.who.name,
        why=why,
        until=ends,
        any_version=call.text("any_version") == "yes",
        uploads=uploads,
        four_eyes=call.console.settings.four_eyes,
        address=call.address,
    )
    return call.go(f"/assessments/{loaded.row.id}")


def _incomplete() -> InputError:
    return InputError(
        "decision-incomplete",
        Text(
            zh=f"请选择结论并写明理由；有效期须为今天或以后的日期；证据最多 {decisions.MAX_FILES} 个文件",
            en=f"choose a verdict and say why; the end date must not be past; at most {decisions.MAX_FILES} files",
        ),
    )


def second(call: Call) -> Response:
    """Confirm or reject what somebody else proposed."""
    ident = call.number("ident")
    accept = call.text("action") == "accept"
    if not decisions.second(call.console.store, ident, call.who.name, accept, call.address):
        raise InputError(
            "second",
            Text(
                zh="该结论不待复核，或由您本人作出，须由他人复核",
                en="this decision awaits nobody, or is your own: somebody else must check it",
            ),
        )
    with call.console.store.session() as session:
        about = session.scalar(select(DecisionRow.assessment_id).where(DecisionRow.id == ident))
    return call.go(f"/assessments/{about}")


def reassess(call: Call) -> Response:
    """Store the assessment with today's decisions as a new one."""
    console = call.console
    loaded = decisions.load(console.store, call.number("ident"), console.pack, console.clock())
    if loaded is None:
        raise HTTPException(404)
    if not loaded.again:
        raise InputError(
            "nothing-new",
            Text(
                zh="没有人工结论，规则包也未变，无须重新评估",
                en="no decisions and the same rules: nothing to do",
            ),
        )
    ident = decisions.keep(console.store, loaded, console.pack, call.who.name, call.address)
    return call.go(f"/assessments/{ident}")


def evidence(call: Call) -> Response:
    """Return an evidence file, to be saved: never shown by the browser as a page of this console."""
    with call.console.store.session() as session:
        found = session.execute(
            select(DecisionEvidenceRow.name, EvidenceRow.media_type, EvidenceRow.body)
            .join(EvidenceRow, EvidenceRow.sha256 == DecisionEvidenceRow.sha256)
            .where(DecisionEvidenceRow.id == call.number("ident"))
        ).first()
    if found is None:
        raise HTTPException(404)
    disposition = f"attachment; filename=\"evidence\"; filename*=UTF-8''{quote(found.name, safe='')}"
    return Response(
        found.body,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": disposition,
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        },
    )
