"""The tables, as the code sees them; ``migrations`` makes them.

Times are microseconds of the epoch in BIGINT: both databases compare and index
them alike, and no time zone can creep in. Strings that repeat from event to
event are stored once in ``names`` and referred to by number, NULL for the
empty string; ``tests/service/backends/sql/test_size.py`` measures what that gives.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from service.backends.sql.types import SafeText

metadata = MetaData()

names = Table(
    "names",
    metadata,
    Column("id", Integer, primary_key=True),
    # Unique by digest: a btree of Postgres takes no value longer than 2.7 kB, a path may be.
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("value", SafeText, nullable=False),
    # Newest day of event time that used it: what retention goes by, so that no row is left pointing at nothing.
    Column("used", Integer, nullable=False, index=True),
)

events = Table(
    "events",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("done", BigInteger, nullable=False),
    Column("took", BigInteger, nullable=False),
    Column("ttft", BigInteger, nullable=False),
    Column("account", Integer, nullable=False),
    Column("org", Integer),
    # Refers to "<account>/<end_user>", the value of the entity.
    Column("end_user", Integer),
    Column("ip_prefix", Integer),
    Column("method", Integer),
    Column("path", Integer),
    Column("headers", Integer),
    Column("operation", Integer),
    Column("inspect", Integer),
    Column("model", Integer),
    Column("stream", Boolean, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("outcome", Integer),
    Column("answer_inspect", Integer),
    Column("answer_model", Integer),
    Column("finish", Integer),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("text_length", BigInteger, nullable=False),
    Column("request_bytes", BigInteger, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
    Index("ix_events_done", "done"),
    Index("ix_events_account", "account", "done"),
    Index(
        "ix_events_org", "org", "done", sqlite_where=text("org IS NOT NULL"), postgresql_where=text("org IS NOT NULL")
    ),
    Index(
        "ix_events_end_user",
        "end_user",
        "done",
        sqlite_where=text("end_user IS NOT NULL"),
        postgresql_where=text("end_user IS NOT NULL"),
    ),
    # A day of ids each: see ``days``. The key stays the id alone, so no second time of an event can make it two.
    postgresql_partition_by="RANGE (id)",
)

event_text = Table(
    "event_text",
    metadata,
    # A UUIDv7: its order is the order of arrival, so retention needs no column of its own.
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (event_id)",
)

entities = Table(
    "entities",
    metadata,
    Column("scope", String(16), primary_key=True),
    Column("value", SafeText, primary_key=True),
    Column("queries", BigInteger, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("window_start", BigInteger, nullable=False),
    Column("raised", String(24), nullable=False),
    # Whose window it is to close.
    Column("partition", SmallInteger, nullable=False, server_default="0"),
    Index("ix_entities_last_seen", "scope", "last_seen"),
    Index(
        "ix_entities_window",
        "partition",
        "window_start",
        sqlite_where=text("window_start >= 0"),
        postgresql_where=text("window_start >= 0"),
    ),
    sqlite_with_rowid=False,
)

# Beside ``entities``, so that a listing reads narrow rows and retention can let the states go alone.
states = Table(
    "states",
    metadata,
    Column("scope", String(16), primary_key=True),
    Column("value", SafeText, primary_key=True),
    Column("states", LargeBinary, nullable=False),
)

trail = Table(
    "trail",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("account", Integer),
    Column("seen", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)

open_queries = Table(
    "open_queries",
    metadata,
    Column("stage", String(8), primary_key=True),
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("partition", SmallInteger, nullable=False, server_default="0", index=True),
)

partitions = Table(
    "partitions",
    metadata,
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    # Raised by every claim; a commit under an older one is refused.
    Column("epoch", BigInteger, nullable=False),
    Column("owner", String(128), nullable=False),
    # When it was claimed and when last committed to, by the clock of whoever did.
    Column("since", BigInteger, nullable=False),
    Column("active", BigInteger, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("source", SafeText, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("logged", BigInteger, nullable=False),
    # Event time at which it last moved.
    Column("seen", BigInteger, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# By partition, so that no two workers wait for one row.
footprints = Table(
    "footprints",
    metadata,
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # Of event time; what of a slot is seen is folded together.
    Column("slot", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("scope", String(16), primary_key=True),
    Column("value", SafeText, primary_key=True),
    Column("at", BigInteger, primary_key=True, index=True),
    Column("reason", String(24), primary_key=True),
    Column("window_start", BigInteger, nullable=False),
    Column("queries", BigInteger, nullable=False),
    Column("score", Double, nullable=False),
    Column("p_value", Double, nullable=False),
    Column("severity", SmallInteger),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

flags = Table(
    "flags",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("value", SafeText, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("flagged_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    # The alert it was gathered into, empty where it concerns nobody; NULL until it is gathered.
    Column("alert", String(24)),
    Index("ix_flags_flagged_at", "flagged_at", "id"),
    Index("ix_flags_loose", "flagged_at", sqlite_where=text("alert IS NULL"), postgresql_where=text("alert IS NULL")),
    Index("ix_flags_entity", "scope", "value", "flagged_at"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("source", SafeText, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, primary_key=True),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("others", BigInteger, nullable=False, server_default="0"),
)

# What the installation learnt of its own traffic, for every worker alike.
baselines = Table(
    "baselines",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("value", SafeText, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("until", BigInteger),
    Column("origin", String(16), nullable=False),
    Column("reason", SafeText, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False, server_default="0"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("value", SafeText, nullable=False),
    Column("status", String(16), nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("priority", Double, nullable=False),
    Column("assignee", SafeText, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_alerts_queue", "status", "priority", "id"),
    Index("ix_alerts_entity", "scope", "value"),
)

alert_notes = Table(
    "alert_notes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("alert", String(24), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("author", SafeText, nullable=False),
    Column("kind", String(48), nullable=False),
    Column("text", SafeText, nullable=False),
    Index("ix_alert_notes_alert", "alert", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", SafeText, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("action", String(48), nullable=False),
    Column("subject", SafeText, nullable=False),
    Column("detail", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Index("ix_audit_actor", "actor", "number"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("digest", LargeBinary, nullable=False),
    Column("note", SafeText, nullable=False),
    # The user who made it, empty where the command line did.
    Column("owner", String(128), nullable=False, server_default=""),
)

# What there is little of and what is read whole: users, proposals, suppressions, appeals, destinations.
registers = Table(
    "registers",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_registers_at", "kind", "at", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    # A keyed digest of what the cookie says.
    Column("id", LargeBinary(32), primary_key=True),
    Column("user", String(128), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    # When the user's password was asked for last.
    Column("proved", BigInteger, nullable=False),
)

hits = Table(
    "hits",
    metadata,
    Column("name", String(160), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)

# Notices that have not reached their destination yet.
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("destination", String(128), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failure", SafeText, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_outbox_due", "due", "id"),
)
