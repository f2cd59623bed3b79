"""Alerts: the flags of an entity as a piece of work, with notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables, and a column that says where a flag went."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("priority", sa.Double, nullable=False),
        sa.Column("assignee", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_alerts_queue", "alerts", ["status", "priority", "id"])
    op.create_index("ix_alerts_entity", "alerts", ["scope", "value"])
    op.create_table(
        "alert_notes",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("alert", sa.String(24), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_alert_notes_alert", "alert_notes", ["alert", "id"])
    op.add_column("flags", sa.Column("alert", sa.String(24)))
    loose = sa.text("alert IS NULL")
    op.create_index("ix_flags_loose", "flags", ["flagged_at"], sqlite_where=loose, postgresql_where=loose)


def downgrade() -> None:
    """Without them."""
    op.drop_index("ix_flags_loose", "flags")
    op.drop_column("flags", "alert")
    op.drop_table("alert_notes")
    op.drop_table("alerts")
