"""Gaps of records of which is known only how many are missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that there are tell of starts and ends alone."""
    op.add_column("gaps", sa.Column("others", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Without it, such a gap says that something is missing, and not how much."""
    op.drop_column("gaps", "others")
