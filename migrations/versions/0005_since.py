"""Decisions that act from a moment on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that there are act already."""
    op.add_column("decisions", sa.Column("since", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Without it, one that was to act later acts at once."""
    op.drop_column("decisions", "since")
