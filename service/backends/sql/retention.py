"""Taking away what is past its time, in transactions too small for anyone to wait for.

Time is event time, so a replayed or stopped installation does not lose its log
to the clock. Flags, gaps, decisions and tokens stay: they are few, and they are
what was said and decided.

On Postgres the log goes by whole days, so a row stays up to a day longer than on SQLite.
States go by the time of their own partition, since another may be behind.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, Table, and_, delete, select, text, tuple_

from service.backends.spool.folder import FINAL
from service.backends.sql import writes
from service.backends.sql.days import Days, first_id
from service.backends.sql.dialect import is_postgres
from service.backends.sql.names import DAY
from service.backends.sql.tables import entities, evaluations, event_text, events, meta, names, sources, states, trail
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, ColumnElement
    from sqlalchemy.engine import Connection, Engine

    from service.settings import Retention

ROWS = 2_000
"""Rows of one transaction: a few milliseconds."""
ROUNDS = 10
"""Transactions of one table and call, so that the worker gets back to its stream."""
ENDED = 30
"""Days after which the place of a source that has ended is forgotten; a gateway keeps no file for so long
once it is covered, unless it is told to."""
_LOCK = 0x7265_7670  # any number of our own
_TURN = text("SELECT pg_try_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True)
class Past:
    """What is past its time in one table."""

    table: Table
    condition: ColumnElement[bool]
    of: Table | None = None
    """Whose rows say so and are held meanwhile, where that is another table with the same key."""


class Upkeep:
    """Retention of one partition's worker.

    Parameters
    ----------
    engine
        One for transactions that write.
    keep
        Days.
    retain
        Seconds that gateways keep files that are covered.
    partition
        Whose states are taken.

    """

    def __init__(self, engine: Engine, keep: Retention, *, retain: float, partition: int) -> None:
        self._engine = engine
        self._keep = keep
        self._ended = max(ENDED * DAY, DAY + round(retain * 1e6))
        self._partition = partition
        self._days = Days(engine)
        self._by_day = engine.dialect.name == "postgresql"

    def purge(self, now: int) -> Mapping[str, int]:
        """Delete at most ``ROWS * ROUNDS`` rows of each table, and whole days; how many rows, by table, where any were.

        Parameters
        ----------
        now
            Event time, microseconds since the epoch.

        """
        self._days.make(now, time.time_ns() // 1000)
        taken = {past.table.name.removesuffix("_default"): self._delete(past) for past in self._past(now)}
        if self._by_day:
            text_until, log_until = self._until(now)
            taken["event_text"] += self._days.drop("event_text", text_until)
            dropped = self._days.drop("events", log_until)
            if dropped:
                with self._engine.begin() as connection:
                    writes.count(connection, self._partition, {"events": -dropped})
            taken["events"] += dropped
        return {name: rows for name, rows in taken.items() if rows}

    def _until(self, now: int) -> tuple[int, int]:
        """The times before which texts and the log go."""
        text_until, log_until = (now - days * DAY for days in (self._keep.text, self._keep.log))
        return max(text_until, log_until), log_until

    def _past(self, now: int) -> list[Past]:
        text_until, log_until = self._until(now)
        silent = now - self._keep.states * DAY
        seen = self._slowest(now) - self._keep.trail * DAY
        # By scope, because that is how the index of ``last_seen`` begins.
        closed = entities.c.scope.in_([scope.value for scope in Scope]) & (entities.c.window_start < 0)
        closed &= entities.c.partition == self._partition
        texts, log = (_DEFAULT_TEXT, _DEFAULT) if self._by_day else (event_text, events)
        # A name's day is the newest that used it, so below the oldest day of log and trail nothing refers to it.
        oldest = min(log_until, seen) // DAY - (2 if self._by_day else 0)
        return [
            Past(texts, texts.c.event_id < first_id(text_until)),
            Past(log, log.c.done < log_until),
            Past(trail, trail.c.seen < seen),
            Past(evaluations, evaluations.c.at < log_until),
            Past(states, closed & (entities.c.last_seen < silent), of=entities),
            Past(entities, closed & (entities.c.last_seen < min(log_until, silent))),
            Past(names, names.c.used < oldest),
            Past(sources, self._forgotten(now)),
        ]

    def _forgotten(self, now: int) -> ColumnElement[bool]:
        ended = (sources.c.position >= FINAL) & (sources.c.logged >= FINAL)
        return (sources.c.partition == self._partition) & ended & (sources.c.seen < now - self._ended)

    def _slowest(self, now: int) -> int:
        """The time of the partition that is furthest behind, whose trail must still be whole; within bounds."""
        with self._engine.begin() as connection:
            blobs = connection.execute(select(meta.c.value).where(meta.c.name == "time")).scalars().all()
        behind = min((int.from_bytes(bytes(blob), "big") for blob in blobs), default=now)
        return max(min(now, behind), now - self._keep.trail * DAY) if len(blobs) > 1 else now

    def _delete(self, past: Past) -> int:
        total = 0
        for _ in range(ROUNDS):
            with self._engine.begin() as connection:
                rows = self._some(connection, past)
            total += rows
            if rows < ROWS:
                break
        return total

    def _some(self, connection: Connection, past: Past) -> int:
        if is_postgres(connection) and not connection.execute(_TURN, {"key": _LOCK}).scalar_one():
            return 0  # another process is at it
        key = list(past.table.primary_key)
        rows = connection.execute(delete(past.table).where(_in(key, past))).rowcount
        if rows and past.table.name.removesuffix("_default") == events.name:
            writes.count(connection, self._partition, {"events": -rows})
        return rows


def _in(key: list[Column[object]], past: Past) -> ColumnElement[bool]:
    """The rows to delete. They are held from the moment that they are found past their time, so that what
    somebody uses again in that moment is not taken.
    """
    holder = past.table if past.of is None else past.of
    found = select(*(holder.c[column.name] for column in key)).where(past.condition).limit(ROWS)
    if past.of is not None:
        same = [holder.c[column.name] == column for column in key]
        found = found.join(past.table, and_(*same))
    found = found.with_for_update(of=holder, skip_locked=True)
    return key[0].in_(found) if len(key) == 1 else tuple_(*key).in_(found)


_OTHERS = MetaData()
_DEFAULT = events.to_metadata(_OTHERS, name="events_default")
_DEFAULT_TEXT = event_text.to_metadata(_OTHERS, name="event_text_default")
