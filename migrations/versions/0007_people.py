"""People: sessions, and registers of what is kept as one document each, from users to appeals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Four tables, and who a token belongs to."""
    op.create_table(
        "registers",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_registers_at", "registers", ["kind", "at", "id"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.LargeBinary(32), primary_key=True),
        sa.Column("user", sa.String(128), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("proved", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    op.create_table(
        "hits",
        sa.Column("name", sa.String(160), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("destination", sa.String(128), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_outbox_due", "outbox", ["due", "id"])
    op.add_column("tokens", sa.Column("owner", sa.String(128), nullable=False, server_default=""))


def downgrade() -> None:
    """Without them nobody can sign in; tokens hold."""
    op.drop_column("tokens", "owner")
    for table in ("outbox", "hits", "sessions", "registers"):
        op.drop_table(table)
