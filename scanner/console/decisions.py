"""Human decisions in the store, and reports that take them into account."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reports.view import ReportView
from scanner import __version__
from scanner.assess import assess
from scanner.batch.meta import Meta, with_meta
from scanner.batch.rows import plain
from scanner.batch.schema import AssessmentRow, FactsRow, TaskRow
from scanner.batch.schema_console import DecisionEvidenceRow, DecisionRow, EvidenceRow
from scanner.batch.store import Store
from scanner.batch.work import pack_bytes, unpack_bytes
from scanner.console import audit
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Artifact, Assessment, Decision, Lang, Text, UnusedDecision, Verdict
from scanner.packload import profile
from scanner.rulepack import Pack

MAX_FILE = 10 << 20
MAX_FILES = 5
TYPES = {  # by the first bytes: the name and the type a browser claims prove nothing
    "image/png": (".png", b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": (".jpg", b"\xff\xd8\xff"),
    "application/pdf": (".pdf", b"%PDF-"),
    "application/zip": (".zip", b"PK\x03\x04"),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as uploaded."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """An assessment from the store with its facts; ``again`` when it was made anew (decisions, another rule pack)."""

    row: AssessmentRow
    facts: Facts
    assessment: Assessment
    again: bool
    pack_changed: bool


def load(store: Store, ident: int, pack: Pack, now: datetime, *, stored: bool = False) -> Loaded | None:
    """Return the assessment ``ident``, with the decisions of today unless ``stored``; None when there is none.

    With decisions, or when it was made with another rule pack than the one loaded, the stored facts are assessed again.
    """
    with store.session() as session:
        row = session.get(AssessmentRow, ident)
        if row is None:
            return None
        body = session.scalars(select(FactsRow.body).where(FactsRow.id == row.facts_id)).one()
        good, bad = of_subject(session, row.sha256, row.identifier) if not stored else ([], [])
        meta = meta_of(session, row)
        session.expunge(row)
    facts = with_meta(Facts.model_validate_json(unpack_bytes(body)), meta)
    changed = row.pack_sha256 != pack.sha256
    if not (good or bad or changed) or row.profile not in pack.profiles:
        return Loaded(row, facts, Assessment.model_validate_json(unpack_bytes(row.body)), False, changed)
    made = assess(
        facts,
        pack,
        profile(pack, row.profile),
        now=now,
        tool_version=__version__,
        decisions=good,
        rejected=bad,
    )
    return Loaded(row, facts, made, True, changed)


def meta_of(session: Session, row: AssessmentRow) -> Meta:
    """Return what a list said of the subject."""
    said = session.scalars(select(TaskRow.meta).where(TaskRow.assessment_id == row.id).limit(1)).first()
    if said is not None:
        return Meta(**said)
    return Meta(
        name=row.name, category=row.category, developer=row.developer, store=row.store, region=row.region
    )


def of_subject(session: Session, sha256: str, identifier: str) -> tuple[list[Decision], list[UnusedDecision]]:
    """Return the valid decisions about a subject, and those whose evidence is missing or was changed."""
    good: list[Decision] = []
    bad: list[UnusedDecision] = []
    rows = session.scalars(
        select(DecisionRow)
        .where(DecisionRow.subject.in_([s for s in (sha256, identifier) if s]), DecisionRow.state == "valid")
        .order_by(DecisionRow.id)
    )
    latest: dict[str, DecisionRow] = {row.control: row for row in rows}  # of one day the last entered holds
    for row in latest.values():
        files = session.scalars(
            select(DecisionEvidenceRow)
            .where(DecisionEvidenceRow.decision_id == row.id)
            .order_by(DecisionEvidenceRow.id)
        ).all()
        decision = Decision(
            control=row.control,
            subject=row.subject,
            verdict=Verdict(row.verdict),
            who=row.who,
            when=row.made_on,
            why=row.why,
            until=row.until,
            evidence=tuple(Artifact(name=f.name, sha256=f.sha256, size=f.size) for f in files),
        )
        broken = [f.name for f in files if not _stands(session, f.sha256)]
        if broken:
            names = "、".join(broken)
            reason = Text(
                zh=f"证据文件缺失或被改动：{names}", en=f"evidence is missing or was changed: {names}"
            )
            bad.append(UnusedDecision(decision=decision, code="evidence", reason=reason))
        else:
            good.append(decision)
    return good, bad


def _stands(session: Session, sha256: str) -> bool:
    body = session.scalar(select(EvidenceRow.body).where(EvidenceRow.sha256 == sha256))
    return body is not None and hashlib.sha256(body).hexdigest() == sha256


def media_type(upload: Upload) -> str:
    """Return the type of an evidence file; raises InputError for a kind or size that is not taken."""
    found = next((kind for kind, (_, start) in TYPES.items() if upload.body.startswith(start)), None)
    if found is None and _is_text(upload):
        found = "text/plain"
    if found is None or not 0 < len(upload.body) <= MAX_FILE:
        raise InputError(
            "evidence-refused",
            Text(
                zh=f"证据文件须为 PNG、JPEG、PDF、ZIP/Office 或 UTF-8 文本（.txt），不超过 {MAX_FILE >> 20} MB",
                en=f"evidence must be PNG, JPEG, PDF, ZIP/Office or UTF-8 text (.txt), at most {MAX_FILE >> 20} MB",
            ),
        )
    return found


def _is_text(upload: Upload) -> bool:
    if not upload.name.lower().endswith((".txt", ".csv", ".log")) or b"\x00" in upload.body:
        return False
    try:
        upload.body.decode()
    except UnicodeDecodeError:
        return False
    return True


def file_name(name: str) -> str:
    """Return a file name as it may be kept and offered: no folders, no control characters."""
    last = re.split(r"[\\/]", name)[-1]
    clean = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", plain(last, 180)).strip(" .")
    return clean or "evidence"


def decide(
    store: Store,
    *,
    row: AssessmentRow,
    control: str,
    verdict: Verdict,
    who: str,
    why: str,
    until: date | None,
    any_version: bool,
    uploads: Sequence[Upload],
    four_eyes: bool,
    address: str,
) -> int:
    """Record a decision with its evidence and audit entries in one transaction; return its id."""
    kinds = [(upload, media_type(upload)) for upload in uploads]
    subject = row.identifier if any_version or not row.sha256 else row.sha256

    def action(session: Session) -> int:
        now = datetime.now(UTC)
        decision = DecisionRow(
            assessment_id=row.id,
            subject=subject,
            control=control,
            verdict=verdict.value,
            who=who,
            made_on=now.date(),
            made_at=now,
            why=plain(why, 5000),
            until=until,
            state="proposed" if four_eyes else "valid",
            checked_by=None,
            checked_at=None,
        )
        session.add(decision)
        session.flush()
        target = f"{subject} {control}"
        for upload, kind in kinds:
            sha256 = hashlib.sha256(upload.body).hexdigest()
            if session.scalar(select(EvidenceRow.sha256).where(EvidenceRow.sha256 == sha256)) is None:
                session.add(
                    EvidenceRow(sha256=sha256, size=len(upload.body), media_type=kind, body=upload.body)
                )
            name, size = file_name(upload.name), len(upload.body)
            session.add(DecisionEvidenceRow(decision_id=decision.id, sha256=sha256, name=name, size=size))
            audit.append(
                session, who, "upload", target, address, {"sha256": sha256, "name": name, "size": size}
            )
        audit.append(
            session,
            who,
            "decision",
            target,
            address,
            {
                "decision": decision.id,
                "verdict": verdict.value,
                "why": decision.why,
                "until": until.isoformat() if until else None,
                "state": decision.state,
            },
        )
        return decision.id

    return store.transact(action)


def second(store: Store, ident: int, who: str, accept: bool, address: str) -> bool:
    """Confirm or reject a proposed decision; False unless it waits and was made by somebody else."""

    def action(session: Session) -> bool:
        row = session.scalars(select(DecisionRow).where(DecisionRow.id == ident).with_for_update()).first()
        if row is None or row.state != "proposed" or row.who == who:
            return False
        row.state, row.checked_by, row.checked_at = (
            ("valid" if accept else "rejected"),
            who,
            datetime.now(UTC),
        )
        audit.append(
            session, who, "decision-second", f"{row.subject} {row.control}", address, {"state": row.state}
        )
        return True

    return store.transact(action)


def keep(store: Store, loaded: Loaded, pack: Pack, who: str, address: str) -> int:
    """Store the assessment with today's decisions as a new one; return its id."""
    with store.session() as session:
        meta = meta_of(session, loaded.row)
    packed = pack_bytes(loaded.assessment.model_dump_json())
    ident = store.record_assessment(loaded.row.facts_id, meta, packed, pack)
    store.transact(
        lambda session: audit.append(
            session,
            who,
            "reassess",
            loaded.row.identifier,
            address,
            {"from": loaded.row.id, "assessment": ident},
        )
    )
    return ident


def view_of(loaded: Loaded, pack: Pack, lang: Lang) -> ReportView:
    """Return the view of an assessment for the writers."""
    return ReportView(loaded.assessment, loaded.facts, pack, lang)
