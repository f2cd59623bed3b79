"""What can be wrong with a Postgres beside its schema, told before it costs anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from service.backends.sql import days
from service.backends.sql.dialect import available, is_postgres
from service.backends.sql.names import DAY
from service.model.finding import Finding
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine

OLDEST = 15
"""Postgres that this is tested with, at least."""
SKEW = 5.0
"""Seconds between the server's clock and ours."""
SOON = 2
"""Days from now on that the log must have a place for."""


def findings(engine: Engine) -> Iterator[Finding]:
    """Everything about the server; nothing on another database than Postgres."""
    if engine.dialect.name != "postgresql":
        return
    try:
        with available("be looked at"), engine.begin() as connection:
            found = list(_server(connection)) if is_postgres(connection) else []
    except StoreUnavailable as error:
        what, _, advice = str(error).partition("; ")
        found = [Finding("database server", True, what, advice)]
    yield from found


def _server(connection: Connection) -> Iterator[Finding]:
    before = time.time()
    number, version, now, standby = connection.execute(
        text(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'), "
            "extract(epoch FROM clock_timestamp())::float8, pg_is_in_recovery()"
        )
    ).one()
    yield _version(int(number), str(version))
    if standby:
        yield Finding("database server", True, "it is a standby, which takes no writes", "name the primary in the URL")
    yield _clock(float(now) - (before + time.time()) / 2)
    yield from _log(connection)


def _version(number: int, version: str) -> Finding:
    if number < OLDEST * 10_000:
        return Finding("database version", True, f"Postgres {version}", f"upgrade it to Postgres {OLDEST} at least")
    return Finding("database version", False, f"Postgres {version}")


def _clock(ahead: float) -> Finding:
    if abs(ahead) > SKEW:
        way = "ahead of" if ahead > 0 else "behind"
        return Finding("database clock", True, f"the server is {abs(ahead):.0f} s {way} this host", "synchronise both")
    return Finding("database clock", False, f"within {SKEW:.0f} s of this host's")


def _log(connection: Connection) -> Iterator[Finding]:
    """The log's days, where the schema has any."""
    if connection.execute(text("SELECT to_regclass('events_default')")).scalar_one() is None:
        return
    today = time.time_ns() // 1000 // DAY
    missing = sorted(set(range(today, today + SOON)) - days.there(connection))
    if missing:
        yield Finding(
            "log days",
            True,
            f"no place of its own for {', '.join(days.date(day) for day in missing)}",
            "start a worker, or run 'revenuer db upgrade': both make them; nothing is lost meanwhile",
        )
    else:
        yield Finding("log days", False, f"made ahead for {SOON} days at least")
    rows = days.undated(connection)
    if rows:
        yield Finding(
            "log rows without a day",
            None,
            f"{rows:,}: their times are far from now",
            "see whether a gateway's clock is wrong; they move to their day once it is made",
        )
