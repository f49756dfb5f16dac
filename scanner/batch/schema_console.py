"""Tables of the web console (docs/console.md): people, sessions, human decisions with their files, audit log."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scanner.batch.schema import Base, BigId


class UserRow(Base):
    """Somebody who may sign in.  ``role``: viewer, inspector or admin; ``password`` is an Argon2id hash."""

    __tablename__ = "console_user"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    password: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    must_change: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created: Mapped[datetime]


class SessionRow(Base):
    """A session; ``token_sha256`` is the digest of the cookie, so that a copy of the table opens no session."""

    __tablename__ = "console_session"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("console_user.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    seen: Mapped[datetime]


class ClaimRow(Base):
    """Who works on a manual item: one control of one subject."""

    __tablename__ = "console_claim"
    __table_args__ = (UniqueConstraint("identifier", "control"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    identifier: Mapped[str] = mapped_column(String(500))
    control: Mapped[str] = mapped_column(String(100))
    user_id: Mapped[int] = mapped_column(ForeignKey("console_user.id", ondelete="CASCADE"), index=True)
    since: Mapped[datetime]


class DecisionRow(Base):
    """A human's verdict; ``subject`` is a sha256 (this version) or an identifier (any version).

    ``state``: ``valid``, ``proposed`` (awaits a second person) or ``rejected``.
    """

    __tablename__ = "console_decision"
    __table_args__ = (Index("ix_console_decision_subject_control", "subject", "control"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"), index=True)
    subject: Mapped[str] = mapped_column(String(500))
    control: Mapped[str] = mapped_column(String(100))
    verdict: Mapped[str] = mapped_column(String(20))
    who: Mapped[str] = mapped_column(String(60))
    made_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)
    until: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), index=True)
    checked_by: Mapped[str | None] = mapped_column(String(60))
    checked_at: Mapped[datetime | None]


class EvidenceRow(Base):
    """A file somebody uploaded as evidence, once per content."""

    __tablename__ = "console_evidence"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class DecisionEvidenceRow(Base):
    """The files a decision rests on, under the names they were uploaded with."""

    __tablename__ = "console_decision_evidence"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    decision_id: Mapped[int] = mapped_column(
        ForeignKey("console_decision.id", ondelete="CASCADE"), index=True
    )
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)


class AuditRow(Base):
    """One entry of the audit log; ``sha256`` covers the entry and the entry before (scanner.console.audit)."""

    __tablename__ = "console_audit"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    moment: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(60), index=True)
    action: Mapped[str] = mapped_column(String(40), index=True)
    target: Mapped[str] = mapped_column(String(600))
    details: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(String(60))
    previous: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))


class AuditHeadRow(Base):
    """Length and last digest of the audit log: one row, locked by whoever appends."""

    __tablename__ = "console_audit_head"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
