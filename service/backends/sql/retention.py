"""Taking away what is past its time, in transactions too small for anyone to wait for.

Time is event time, so a replayed or stopped installation does not lose its log
to the clock. Flags, gaps, decisions and tokens stay: they are few, and they are
what was said and decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table, delete, select, tuple_, update

from service.backends.sql.names import DAY
from service.backends.sql.tables import counters, entities, evaluations, event_text, events, names, states, trail
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Engine

    from service.settings import Retention

ROWS = 2_000
"""Rows of one transaction: a few milliseconds."""
ROUNDS = 10
"""Transactions of one table and call, so that the worker gets back to its stream."""


def purge(engine: Engine, keep: Retention, now: int) -> Mapping[str, int]:
    """Delete at most ``ROWS * ROUNDS`` rows of each table; how many, by table, where any were.

    Parameters
    ----------
    engine
        One for transactions that write.
    keep
        Days.
    now
        Event time, microseconds since the epoch.

    """
    text, log, silent, seen = (now - days * DAY for days in (keep.text, keep.log, keep.states, keep.trail))
    # By scope, because that is how the index of ``last_seen`` begins.
    closed = entities.c.scope.in_([scope.value for scope in Scope]) & (entities.c.window_start < 0)
    cold = select(entities.c.scope, entities.c.value).where(closed, entities.c.last_seen < silent)
    past: list[tuple[Table, ColumnElement[bool]]] = [
        (event_text, event_text.c.event_id < _first_id(max(text, log))),
        (events, events.c.done < log),
        (trail, trail.c.seen < seen),
        (evaluations, evaluations.c.at < log),
        (states, tuple_(states.c.scope, states.c.value).in_(cold)),
        (entities, closed & (entities.c.last_seen < min(log, silent))),
        # A name's day is the newest that used it, so below the oldest day of log and trail nothing refers to it.
        (names, names.c.used < min(log, seen) // DAY),
    ]
    taken = {table.name: _delete(engine, table, condition) for table, condition in past}
    return {name: rows for name, rows in taken.items() if rows}


def _delete(engine: Engine, table: Table, condition: ColumnElement[bool]) -> int:
    key = list(table.primary_key)
    some = select(*key).where(condition).limit(ROWS)
    chosen = key[0].in_(some) if len(key) == 1 else tuple_(*key).in_(some)
    total = 0
    for _ in range(ROUNDS):
        with engine.begin() as connection:
            rows = connection.execute(delete(table).where(chosen)).rowcount
            if rows and table is events:
                fewer = {"value": counters.c.value - rows}
                connection.execute(update(counters).where(counters.c.name == "events").values(fewer))
        total += rows
        if rows < ROWS:
            break
    return total


def _first_id(at: int) -> bytes:
    """The lowest UUIDv7 of the millisecond."""
    return (max(at, 0) // 1000 << 80).to_bytes(16, "big")
