"""The log by days on Postgres: a partition of ``events`` and ``event_text`` for each, made ahead, dropped when past.

A row's day follows from its id, a UUIDv7, so nothing but the id is unique and the same query
never becomes two rows. What falls on a day that has no partition goes to the default one, and
from there into its day's as soon as that is made. Locks are asked for by waiting briefly: a
partition not made now is made an hour later, and nothing is lost meanwhile.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from service.backends.sql.dialect import is_postgres, lost_race
from service.backends.sql.names import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection, Engine

log = structlog.get_logger()

AHEAD = 7
"""Days made ahead of the newest."""
TABLES = {"events": "id", "event_text": "event_id"}
"""Tables by day, and the column that holds the id."""
WAIT = "1s"
"""How long a lock is waited for: while it is, everybody else waits behind."""
_LOCK = 0x7265_7664  # any number of our own
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_id(at: int) -> bytes:
    """The lowest UUIDv7 of the millisecond of ``at``, microseconds since the epoch."""
    return (max(at, 0) // 1000 << 80).to_bytes(16, "big")


class Days:
    """Keeps the partitions of one database; does nothing on another than Postgres."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: set[int] = set()

    def make(self, *times: int) -> None:
        """See that there are partitions for the days of the times (microseconds) and ``AHEAD`` beyond each."""
        wanted = {at // DAY + n for at in times for n in range(AHEAD + 1)}
        if self._engine.dialect.name != "postgresql" or wanted <= self._made:
            return
        with self._engine.begin() as connection:
            there = _days(connection)
        for day in sorted(wanted - there):
            for table in TABLES:
                with (
                    lost_race("days.postponed", table=table, day=_name(table, day)),
                    self._engine.begin() as connection,
                ):
                    if _alone(connection):
                        _make(connection, table, day)
        with self._engine.begin() as connection:
            self._made = _days(connection)

    def drop(self, table: str, before: int) -> int:
        """Drop the days of a table that lie wholly before a time; how many rows those had."""
        taken = 0
        with self._engine.begin() as connection:
            past = sorted(day for day in _of(connection, table) if (day + 1) * DAY <= before)
        for day in past:
            with lost_race("days.postponed", table=table, day=_name(table, day)), self._engine.begin() as connection:
                if _alone(connection):
                    taken += _drop(connection, _name(table, day))
        return taken


def ahead(engine: Engine) -> None:
    """Partitions for today and the days to come, by the clock."""
    Days(engine).make(time.time_ns() // 1000)


def undated(connection: Connection) -> int:
    """Rows of the log outside of every day, up to a bound: such ids were stamped by a clock that is far off."""
    if not is_postgres(connection):
        return 0
    return int(
        connection.execute(text("SELECT count(*) FROM (SELECT 1 FROM events_default LIMIT 100000) d")).scalar_one()
    )


def there(connection: Connection) -> set[int]:
    """Days since the epoch that the log has a place of its own for."""
    return _days(connection)


def date(day: int) -> str:
    """The day as people write it."""
    return f"{_EPOCH + timedelta(days=day):%Y-%m-%d}"


def _make(connection: Connection, table: str, day: int) -> None:
    """Beside the log first, and then joined to it, so that nobody waits for longer than the joining takes."""
    name = _name(table, day)
    if connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar_one() is not None:
        return
    low, high = (f"'\\x{first_id(at * DAY).hex()}'" for at in (day, day + 1))
    column = TABLES[table]
    these = f"{column} >= {low} AND {column} < {high}"
    connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    # Inserts wait at the log itself: one that waits at the default partition would have chosen it already, and fail.
    connection.exec_driver_sql(f"LOCK TABLE ONLY {table} IN SHARE ROW EXCLUSIVE MODE")
    connection.exec_driver_sql(f"LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE")
    connection.exec_driver_sql(
        f"WITH moved AS (DELETE FROM {table}_default WHERE {these} RETURNING *) INSERT INTO {name} SELECT * FROM moved"  # noqa: S608 - names and numbers of our own
    )
    connection.exec_driver_sql(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})")


def _drop(connection: Connection, name: str) -> int:
    rows = int(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())  # noqa: S608 - a name of ours
    connection.exec_driver_sql(f"DROP TABLE {name}")
    return rows


def _alone(connection: Connection) -> bool:
    """Whether no other process is at it; with patience for as long as others can stand."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT}'")
    return bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar_one())


def _days(connection: Connection) -> set[int]:
    """Days that every table has."""
    return set.intersection(*(_of(connection, table) for table in TABLES))


def _of(connection: Connection, table: str) -> set[int]:
    children = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:table)")
    return set(_numbers(connection.execute(children, {"table": table}).scalars(), table))


def _numbers(names: Iterable[str], table: str) -> Iterable[int]:
    for name in names:
        date = name.removeprefix(f"{table}_")
        if len(date) == 8 and date.isdigit():
            yield (datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC) - _EPOCH).days


def _name(table: str, day: int) -> str:
    return f"{table}_{_EPOCH + timedelta(days=day):%Y%m%d}"
