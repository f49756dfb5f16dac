"""Tables of the store (docs/store.md).  Changing one needs a migration under ``migrations/versions``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys by itself


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite, which keeps no zones, gets and gives it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment as the database takes it."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment(), dict[str, Any]: JSON}  # noqa: RUF012 - SQLAlchemy's form


class RunRow(Base):
    """One batch run: its source, profile, moment of assessment and rule pack; ``label`` names it for people."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    label: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str] = mapped_column(Text)
    profile: Mapped[str] = mapped_column(String(100))
    now: Mapped[datetime]
    collector: Mapped[str] = mapped_column(String(100))
    pack_version: Mapped[str] = mapped_column(String(100))
    pack_sha256: Mapped[str] = mapped_column(String(64))
    options: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    finished: Mapped[datetime | None]


class TaskRow(Base):
    """One target of a run.  ``state``: ``pending``, ``done`` or ``failed``; a task is never in two states or lost."""

    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("run_id", "key"), Index("ix_task_run_state", "run_id", "state"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    location: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    meta: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None] = mapped_column(String(100))
    error_zh: Mapped[str | None] = mapped_column(Text)
    error_en: Mapped[str | None] = mapped_column(Text)
    seconds: Mapped[float | None] = mapped_column(Float)
    finished: Mapped[datetime | None]
    assessment_id: Mapped[int | None] = mapped_column(ForeignKey("assessment.id"), index=True)


class SeenRow(Base):
    """Digest of a file that was read before, so that a rerun need not read it again to recognise it."""

    __tablename__ = "seen"

    location_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))


class FactsRow(Base):
    """Facts of one input by one collector version, compressed (zstd JSON), without what a list said of it."""

    __tablename__ = "facts"
    __table_args__ = (UniqueConstraint("sha256", "collector"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    collector: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    identifier: Mapped[str] = mapped_column(String(500), index=True)
    name: Mapped[str] = mapped_column(String(500))
    version: Mapped[str] = mapped_column(String(200))
    problems: Mapped[int]
    gaps: Mapped[int]
    collected: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class AssessmentRow(Base):
    """One assessment of facts: subject as listed, grade and counts queryable, the whole compressed (zstd JSON)."""

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint(
            "facts_id", "meta_key", "profile", "pack_sha256", "assessed_at", name="uq_assessment_identity"
        ),
        Index("ix_assessment_identifier_assessed", "identifier", "assessed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    facts_id: Mapped[int] = mapped_column(ForeignKey("facts.id"), index=True)
    meta_key: Mapped[str] = mapped_column(String(16))
    profile: Mapped[str] = mapped_column(String(100))
    pack_version: Mapped[str] = mapped_column(String(100))
    pack_sha256: Mapped[str] = mapped_column(String(64))
    assessed_at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(20))
    identifier: Mapped[str] = mapped_column(String(500))
    name: Mapped[str] = mapped_column(String(500), index=True)
    version: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    developer: Mapped[str | None] = mapped_column(String(500), index=True)
    store: Mapped[str | None] = mapped_column(String(200), index=True)
    category: Mapped[str | None] = mapped_column(String(200), index=True)
    region: Mapped[str | None] = mapped_column(String(200), index=True)
    letter: Mapped[str] = mapped_column(String(10), index=True)
    score: Mapped[int]
    provisional: Mapped[bool]
    violations: Mapped[int]
    suspected: Mapped[int]
    manual: Mapped[int]
    compliant: Mapped[int]
    not_applicable: Mapped[int]
    findings: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class FindingRow(Base):
    """One finding of an assessment, for queries; its evidence is in the assessment."""

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_rule_assessment", "rule", "assessment_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"), index=True)
    rule: Mapped[str] = mapped_column(String(100))
    severity: Mapped[str] = mapped_column(String(10))
    confidence: Mapped[str] = mapped_column(String(10))
    group_key: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(32), index=True)
    evidence_total: Mapped[int]


class ControlRow(Base):
    """Verdict of one control in an assessment; for statistics by requirement."""

    __tablename__ = "control_verdict"

    assessment_id: Mapped[int] = mapped_column(
        ForeignKey("assessment.id", ondelete="CASCADE"), primary_key=True
    )
    control: Mapped[str] = mapped_column(String(100), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20), index=True)


class ClauseRow(Base):
    """Verdict of one clause in an assessment."""

    __tablename__ = "clause_verdict"

    assessment_id: Mapped[int] = mapped_column(
        ForeignKey("assessment.id", ondelete="CASCADE"), primary_key=True
    )
    clause: Mapped[str] = mapped_column(String(100), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20), index=True)
