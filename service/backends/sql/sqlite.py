"""SQLite: the durability that the no-loss log rests on, and what to do when it cannot go on."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import URL, Connection, Engine

BUSY = 15_000
"""Milliseconds that SQLite waits for another writer, as long as a statement may take on Postgres. One commit of the
worker, which runs at low priority, can take seconds on a machine that has much else to do."""
LOOK = 0.005
"""Seconds between two looks at whose turn it is."""
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
    event.listen(made, "begin", partial(_begin, Path(url.database or "").parent, wait / 1000))
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


def _begin(folder: Path, wait: float, connection: Connection) -> None:
    if not connection.get_execution_options().get("revenuer_write"):
        connection.exec_driver_sql("BEGIN")
        return
    with _turn(folder, wait):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _turn(folder: Path, wait: float) -> Iterator[None]:
    """Be the next that writes: whoever has just written cannot go first again while another waits.

    SQLite's own wait looks every tenth of a second, and a worker that catches up lets go its lock for a moment only:
    another writer waited for as long as that went on, and gave up. The turn is a lock on the folder, kept until the
    write lock is had. One that cannot be had is gone without: it keeps the order, not the data.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield  # SQLite reports a folder that is not there
        return
    try:
        deadline = time.monotonic() + wait
        while not _taken(descriptor) and time.monotonic() < deadline:
            time.sleep(LOOK)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without such locks: as good as having it
    return True
