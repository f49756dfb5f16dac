"""The first tables: runs, tasks, seen files, facts, assessments, findings, verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "facts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("collector", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("identifier", sa.String(length=500), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("collected", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
        sa.UniqueConstraint("sha256", "collector", name=op.f("uq_facts_sha256_collector")),
    )
    op.create_index(op.f("ix_facts_identifier"), "facts", ["identifier"], unique=False)
    op.create_index(op.f("ix_facts_sha256"), "facts", ["sha256"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("profile", sa.String(length=100), nullable=False),
        sa.Column("now", sa.DateTime(timezone=True), nullable=False),
        sa.Column("collector", sa.String(length=100), nullable=False),
        sa.Column("pack_version", sa.String(length=100), nullable=False),
        sa.Column("pack_sha256", sa.String(length=64), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("label", name=op.f("uq_run_label")),
    )
    op.create_table(
        "seen",
        sa.Column("location_key", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("location_key", name=op.f("pk_seen")),
    )
    op.create_table(
        "assessment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("facts_id", BIG, nullable=False),
        sa.Column("meta_key", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=100), nullable=False),
        sa.Column("pack_version", sa.String(length=100), nullable=False),
        sa.Column("pack_sha256", sa.String(length=64), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("identifier", sa.String(length=500), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("developer", sa.String(length=500), nullable=True),
        sa.Column("store", sa.String(length=200), nullable=True),
        sa.Column("category", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("letter", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("violations", sa.Integer(), nullable=False),
        sa.Column("suspected", sa.Integer(), nullable=False),
        sa.Column("manual", sa.Integer(), nullable=False),
        sa.Column("compliant", sa.Integer(), nullable=False),
        sa.Column("not_applicable", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["facts_id"], ["facts.id"], name=op.f("fk_assessment_facts_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint(
            "facts_id", "meta_key", "profile", "pack_sha256", "assessed_at", name="uq_assessment_identity"
        ),
    )
    op.create_index(op.f("ix_assessment_assessed_at"), "assessment", ["assessed_at"], unique=False)
    op.create_index(op.f("ix_assessment_category"), "assessment", ["category"], unique=False)
    op.create_index(op.f("ix_assessment_developer"), "assessment", ["developer"], unique=False)
    op.create_index(op.f("ix_assessment_facts_id"), "assessment", ["facts_id"], unique=False)
    op.create_index(
        "ix_assessment_identifier_assessed", "assessment", ["identifier", "assessed_at"], unique=False
    )
    op.create_index(op.f("ix_assessment_letter"), "assessment", ["letter"], unique=False)
    op.create_index(op.f("ix_assessment_name"), "assessment", ["name"], unique=False)
    op.create_index(op.f("ix_assessment_region"), "assessment", ["region"], unique=False)
    op.create_index(op.f("ix_assessment_store"), "assessment", ["store"], unique=False)
    op.create_table(
        "clause_verdict",
        sa.Column("assessment_id", BIG, nullable=False),
        sa.Column("clause", sa.String(length=100), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
            name=op.f("fk_clause_verdict_assessment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("assessment_id", "clause", name=op.f("pk_clause_verdict")),
    )
    op.create_index(op.f("ix_clause_verdict_verdict"), "clause_verdict", ["verdict"], unique=False)
    op.create_table(
        "control_verdict",
        sa.Column("assessment_id", BIG, nullable=False),
        sa.Column("control", sa.String(length=100), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
            name=op.f("fk_control_verdict_assessment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("assessment_id", "control", name=op.f("pk_control_verdict")),
    )
    op.create_index(op.f("ix_control_verdict_verdict"), "control_verdict", ["verdict"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", BIG, nullable=False),
        sa.Column("assessment_id", BIG, nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("evidence_total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_finding_assessment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_assessment_id"), "finding", ["assessment_id"], unique=False)
    op.create_index(op.f("ix_finding_fingerprint"), "finding", ["fingerprint"], unique=False)
    op.create_index("ix_finding_rule_assessment", "finding", ["rule", "assessment_id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", BIG, nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=100), nullable=True),
        sa.Column("error_zh", sa.Text(), nullable=True),
        sa.Column("error_en", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assessment_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"], name=op.f("fk_task_assessment_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_task_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_task_run_id_key")),
    )
    op.create_index(op.f("ix_task_assessment_id"), "task", ["assessment_id"], unique=False)
    op.create_index("ix_task_run_state", "task", ["run_id", "state"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "task",
        "finding",
        "control_verdict",
        "clause_verdict",
        "assessment",
        "seen",
        "run",
        "facts",
    ):
        op.drop_table(table)
