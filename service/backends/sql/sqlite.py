"""SQLite: the durability that the no-loss log rests on, and what to do when it cannot go on."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import URL, Connection, Engine

BUSY = 5_000
"""Milliseconds that SQLite waits for another writer; the longest wait of 8 writers was measured at 0.2 s."""
PATIENT = 600_000
"""Milliseconds where another process may be changing the schema of a large database."""
ADVICE = {
    "full": "make room on its disk",
    "locked": "another process holds it: if that lasts, stop what has it open",
    "no such table": "its tables are missing: restart the worker, it makes them",
    "not a database": "the file is damaged: put a backup in its place",
    "malformed": "the file is damaged: put a backup in its place",
    "unable to open": "see that its folder is there and may be written to",
    "readonly": "see that the file and its folder may be written to",
}
"""Words of SQLite's -> what to do."""


def engine(url: URL, options: dict[str, Any], *, patient: bool = False) -> Engine:
    """An engine for the file; ``patient`` waits for as long as a migration of a large table takes."""
    wait = PATIENT if patient else BUSY
    made = create_engine(url, connect_args={"timeout": wait / 1000}, **options)
    event.listen(made, "do_connect", _make)
    event.listen(made, "connect", partial(_connect, wait))
    event.listen(made, "begin", _begin)
    return made


def _make(_dialect: object, _record: object, arguments: Sequence[str], _options: object) -> None:
    """Make the file before SQLite does, which would let all users read it; its -wal and -shm take its mode."""
    if arguments[0] != ":memory:":
        # A folder that is not there is reported by SQLite itself, on the same path as every other fault.
        # Only a new one: to close a file that is there drops all of this process's locks on it, whoever holds them,
        # and another process then takes the write-ahead log away from under its connections.
        with suppress(OSError):
            os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _connect(wait: int, connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE, so it is switched off; see _begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={wait}")
    _write_ahead(cursor, wait)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        # What retention takes is overwritten, not only let go. The cost could not be measured.
        "secure_delete=ON",
        # 16 MiB: a commit with many states is 3 MiB, and a checkpoint costs two syncs.
        "wal_autocheckpoint=4096",
        "journal_size_limit=67108864",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor, wait: int) -> None:
    """Turn on the write-ahead log, waiting for others: SQLite's own wait leaves out this change of a new file."""
    deadline = time.monotonic() + wait / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("revenuer_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
