"""Several workers on one database: partitions with an epoch, the log by day on Postgres, the learnt baseline.

A table whose key changes is made anew from a copy, the same on both databases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Callable

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN = "window_start >= 0"


def upgrade() -> None:
    """Everything there is belongs to partition 0."""
    _partitions()
    _baselines()
    _entities()
    _remade("open_queries", lambda: _open_queries(owned=True), "stage, event_id, sealed", more={"partition": "0"})
    _remade("sources", lambda: _sources(owned=True), "source, position, logged", more={"partition": "0", "seen": "0"})
    _remade("meta", lambda: _meta(owned=True), "name, value", more={"partition": "0"})
    _remade("counters", lambda: _counters(owned=True), "name, value", more={"partition": "0"})
    if _postgres():
        _remade("event_text", lambda: _event_text(by_day=True), "event_id, body")
        _remade("events", lambda: _events(by_day=True), ", ".join(COLUMNS))


def downgrade() -> None:
    """Where there is one partition, nothing is lost."""
    if _postgres():
        _remade("events", lambda: _events(by_day=False), ", ".join(COLUMNS))
        _remade("event_text", lambda: _event_text(by_day=False), "event_id, body")
    _remade("counters", lambda: _counters(owned=False), "name, value")
    _remade("meta", lambda: _meta(owned=False), "name, value")
    _remade("sources", lambda: _sources(owned=False), "source, position, logged")
    _remade("open_queries", lambda: _open_queries(owned=False), "stage, event_id, sealed")
    op.drop_index("ix_entities_window", "entities")
    op.drop_column("entities", "partition")
    op.create_index(
        "ix_entities_window", "entities", ["window_start"], sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN)
    )
    for table in ("baselines", "partitions"):
        op.drop_table(table)


def _postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _remade(table: str, make: Callable[[], None], columns: str, *, more: dict[str, str] | None = None) -> None:
    """Make the table anew, its rows kept; the columns of ``more`` are filled with what it says."""
    more = more or {}
    op.execute(f"CREATE TEMPORARY TABLE {table}_kept AS SELECT {columns} FROM {table}")  # noqa: S608 - names of our own
    op.drop_table(table)
    make()
    into, values = ", ".join((columns, *more)), ", ".join((columns, *more.values()))
    op.execute(f"INSERT INTO {table} ({into}) SELECT {values} FROM {table}_kept")  # noqa: S608 - likewise
    op.drop_table(f"{table}_kept")


def _partition() -> sa.Column[int]:
    return sa.Column("partition", sa.SmallInteger, nullable=False, server_default="0")


def _partitions() -> None:
    op.create_table(
        "partitions",
        sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(128), nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("since", "active")),
    )


def _baselines() -> None:
    op.create_table(
        "baselines",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )


def _entities() -> None:
    op.add_column("entities", _partition())
    op.drop_index("ix_entities_window", "entities")
    op.create_index(
        "ix_entities_window",
        "entities",
        ["partition", "window_start"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )


def _open_queries(*, owned: bool) -> None:
    op.create_table(
        "open_queries",
        sa.Column("stage", sa.String(8), primary_key=True),
        sa.Column("event_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        *([_partition()] if owned else []),
    )
    if owned:
        op.create_index("ix_open_queries_partition", "open_queries", ["partition"])


def _sources(*, owned: bool) -> None:
    op.create_table(
        "sources",
        *([sa.Column("partition", sa.SmallInteger, primary_key=True, autoincrement=False)] if owned else []),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("logged", sa.BigInteger, nullable=False),
        *([sa.Column("seen", sa.BigInteger, nullable=False)] if owned else []),
    )


def _meta(*, owned: bool) -> None:
    op.create_table(
        "meta",
        *([sa.Column("partition", sa.SmallInteger, primary_key=True, autoincrement=False)] if owned else []),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


def _counters(*, owned: bool) -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(64), primary_key=True),
        *([sa.Column("partition", sa.SmallInteger, primary_key=True, autoincrement=False)] if owned else []),
        sa.Column("value", sa.BigInteger, nullable=False),
    )


COLUMNS = (
    *("id", "done", "took", "ttft", "account", "org", "end_user", "ip_prefix", "method", "path", "headers"),
    *("operation", "inspect", "model", "stream", "status", "outcome", "answer_inspect", "answer_model", "finish"),
    *("input_tokens", "output_tokens", "text_length", "request_bytes", "response_bytes"),
)


def _events(*, by_day: bool) -> None:
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
        postgresql_partition_by="RANGE (id)" if by_day else None,
    )
    op.create_index("ix_events_done", "events", ["done"])
    op.create_index("ix_events_account", "events", ["account", "done"])
    for column in ("org", "end_user"):
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_events_{column}", "events", [column, "done"], postgresql_where=some)
    if by_day:
        op.execute("CREATE TABLE events_default PARTITION OF events DEFAULT")


def _event_text(*, by_day: bool) -> None:
    op.create_table(
        "event_text",
        sa.Column("event_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        postgresql_partition_by="RANGE (event_id)" if by_day else None,
    )
    if by_day:
        op.execute("CREATE TABLE event_text_default PARTITION OF event_text DEFAULT")
