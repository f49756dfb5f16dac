"""Tables of the web console: users, sessions, claims, decisions with evidence, audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "console_user",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_console_user"),
        sa.UniqueConstraint("name", name="uq_console_user_name"),
    )
    op.create_table(
        "console_session",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("seen", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_console_session"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["console_user.id"], name="fk_console_session_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_console_session_user_id", "console_session", ["user_id"])
    op.create_table(
        "console_claim",
        sa.Column("id", BIG, nullable=False),
        sa.Column("identifier", sa.String(500), nullable=False),
        sa.Column("control", sa.String(100), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_console_claim"),
        sa.UniqueConstraint("identifier", "control", name="uq_console_claim_identifier_control"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["console_user.id"], name="fk_console_claim_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_console_claim_user_id", "console_claim", ["user_id"])
    op.create_table(
        "console_decision",
        sa.Column("id", BIG, nullable=False),
        sa.Column("assessment_id", BIG, nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("control", sa.String(100), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("who", sa.String(60), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("checked_by", sa.String(60), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_console_decision"),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name="fk_console_decision_assessment_id"
        ),
    )
    op.create_index("ix_console_decision_assessment_id", "console_decision", ["assessment_id"])
    op.create_index("ix_console_decision_subject_control", "console_decision", ["subject", "control"])
    op.create_index("ix_console_decision_state", "console_decision", ["state"])
    op.create_table(
        "console_evidence",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_console_evidence"),
    )
    op.create_table(
        "console_decision_evidence",
        sa.Column("id", BIG, nullable=False),
        sa.Column("decision_id", BIG, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_console_decision_evidence"),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["console_decision.id"],
            name="fk_console_decision_evidence_decision_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_console_decision_evidence_decision_id", "console_decision_evidence", ["decision_id"])
    op.create_table(
        "console_audit",
        sa.Column("position", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("moment", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("target", sa.String(600), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_console_audit"),
    )
    op.create_index("ix_console_audit_actor", "console_audit", ["actor"])
    op.create_index("ix_console_audit_action", "console_audit", ["action"])
    head = op.create_table(
        "console_audit_head",
        sa.Column("id", BIG, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_console_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "count": 0, "sha256": "0" * 64}])
