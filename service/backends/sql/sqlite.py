"""SQLite: the durability that the no-loss log rests on, and what to do when it cannot go on."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import URL, Connection, Engine

BUSY = 5_000
"""Milliseconds that SQLite waits for another writer; the longest wait of 8 writers was measured at 0.2 s."""
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


def engine(url: URL, options: dict[str, Any]) -> Engine:
    """An engine for the file."""
    made = create_engine(url, connect_args={"timeout": BUSY / 1000}, **options)
    event.listen(made, "do_connect", _make)
    event.listen(made, "connect", _connect)
    event.listen(made, "begin", _begin)
    return made


def _make(_dialect: object, _record: object, arguments: Sequence[str], _options: object) -> None:
    """Make the file before SQLite does, which would let all users read it; its -wal and -shm take its mode."""
    if arguments[0] != ":memory:":
        # A folder that is not there is reported by SQLite itself, on the same path as every other fault.
        with suppress(OSError):
            os.close(os.open(arguments[0], os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _connect(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE, so it is switched off; see _begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY}",
        "journal_mode=WAL",
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


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("revenuer_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
