"""The first schema: log, states, flags, decisions and tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    *("tokens", "decisions", "gaps", "flags", "evaluations", "counters", "meta", "sources", "open_queries", "trail"),
    *("states", "entities", "event_text", "events", "names"),
)


def upgrade() -> None:
    """From nothing."""
    _log()
    _entities()
    _worker()
    _findings()
    _operators()


def downgrade() -> None:
    """To nothing."""
    for table in TABLES:
        op.drop_table(table)


def _log() -> None:
    op.create_table(
        "names",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_index("ix_names_used", "names", ["used"])
    op.create_table(
        "events",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("done", "took", "ttft")),
        sa.Column("account", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Integer) for name in ("org", "end_user", "ip_prefix", "method", "path", "headers")),
        *(sa.Column(name, sa.Integer) for name in ("operation", "inspect", "model")),
        sa.Column("stream", sa.Boolean, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        *(sa.Column(name, sa.Integer) for name in ("outcome", "answer_inspect", "answer_model", "finish")),
        *(sa.Column(name, sa.BigInteger) for name in ("input_tokens", "output_tokens")),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("text_length", "request_bytes", "response_bytes")
        ),
    )
    op.create_index("ix_events_done", "events", ["done"])
    op.create_index("ix_events_account", "events", ["account", "done"])
    for column in ("org", "end_user"):
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_events_{column}", "events", [column, "done"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "event_text",
        sa.Column("event_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def _entities() -> None:
    op.create_table(
        "entities",
        sa.Column("scope", sa.String(16), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("queries", "first_seen", "last_seen")),
        sa.Column("window_start", sa.BigInteger, nullable=False),
        sa.Column("raised", sa.String(24), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entities_last_seen", "entities", ["scope", "last_seen"])
    some = sa.text("window_start >= 0")
    op.create_index("ix_entities_window", "entities", ["window_start"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "states",
        sa.Column("scope", sa.String(16), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("states", sa.LargeBinary, nullable=False),
    )


def _worker() -> None:
    op.create_table(
        "trail",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("account", sa.Integer),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_trail_seen", "trail", ["seen"])
    op.create_table(
        "open_queries",
        sa.Column("stage", sa.String(8), primary_key=True),
        sa.Column("event_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("logged", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "gaps",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("first", sa.BigInteger, primary_key=True),
        sa.Column("last", sa.BigInteger, primary_key=True),
        sa.Column("starts", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger, nullable=False),
    )


def _findings() -> None:
    op.create_table(
        "evaluations",
        sa.Column("scope", sa.String(16), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("reason", sa.String(24), primary_key=True),
        sa.Column("window_start", sa.BigInteger, nullable=False),
        sa.Column("queries", sa.BigInteger, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("p_value", sa.Double, nullable=False),
        sa.Column("severity", sa.SmallInteger),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_evaluations_at", "evaluations", ["at"])
    op.create_table(
        "flags",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("flagged_at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_flags_flagged_at", "flags", ["flagged_at", "id"])
    op.create_index("ix_flags_entity", "flags", ["scope", "value", "flagged_at"])


def _operators() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
