"""The one place that knows which database it is."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.backends.sql.types import SafeText, escape
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection, Dialect, Engine

    Insert = sqlite.Insert | postgresql.Insert
    Row = dict[str, Any]

BUSY = 5_000
"""Milliseconds that SQLite waits for another writer; the longest wait of 8 writers was measured at 0.2 s."""
_ADVICE = {
    "full": "make room on its disk",
    "locked": "another process holds it: if that lasts, stop what has it open",
    "no such table": "its tables are missing: restart the worker, it makes them",
    "not a database": "the file is damaged: put a backup in its place",
    "malformed": "the file is damaged: put a backup in its place",
    "unable to open": "see that its folder is there and may be written to",
    "readonly": "see that the file and its folder may be written to",
}
"""Words of SQLite's -> what to do."""
_SCHEMA_LOCK = 0x7265_766E  # any number of our own: two processes that upgrade at once take turns
_AUDIT_LOCK = _SCHEMA_LOCK + 1


def connect(url: str) -> Engine:
    """An engine for the URL, with the durability that the no-loss log rests on.

    Errors never show bound values: they may be prompts.
    """
    parsed = make_url(url)
    options: dict[str, Any] = {"hide_parameters": True}
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, **options)
    engine = create_engine(parsed, connect_args={"timeout": BUSY / 1000}, **options)
    event.listen(engine, "do_connect", _sqlite_make)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock at their beginning."""
    return engine.execution_options(revenuer_write=True)


def insert(connection: Connection, table: Table) -> Insert:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return _insert(connection.dialect.name, table)


def put_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet; how many those were."""
    return _many(connection, table, rows, overwrite=False)


def put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, or overwrite those with the same key."""
    _many(connection, table, rows, overwrite=True)


def _insert(name: str, table: Table) -> Insert:
    statement: Insert = sqlite.insert(table) if name == "sqlite" else postgresql.insert(table)
    return statement


def _many(connection: Connection, table: Table, rows: Sequence[Row], *, overwrite: bool) -> int:
    if not rows:
        return 0
    sql, names = _compiled(connection.dialect, table, overwrite)
    # Handed to the driver as they are: what SQLAlchemy does with each value of each row on the way costs more
    # than the database does. The only type that would change anything is SafeText.
    for name in _safe_texts(table):
        rows = [{**row, name: escape(row[name])} for row in rows]
    if connection.dialect.positional:
        return connection.exec_driver_sql(sql, list(map(itemgetter(*names), rows))).rowcount
    return connection.exec_driver_sql(sql, list(rows)).rowcount


@lru_cache
def _compiled(dialect: Dialect, table: Table, overwrite: bool) -> tuple[str, Sequence[str]]:  # noqa: FBT001
    """The statement's text and the order of its parameters."""
    statement = _insert(dialect.name, table)
    rest = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    if overwrite:
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)
    else:
        statement = statement.on_conflict_do_nothing()
    compiled = statement.compile(dialect=dialect)
    return str(compiled), [column.name for column in table.columns]


@lru_cache
def _safe_texts(table: Table) -> Sequence[str]:
    return [column.name for column in table.columns if isinstance(column.type, SafeText)]


def lock_schema(connection: Connection) -> None:
    """Let one process at a time change the schema; SQLite's write lock does that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})


def lock_audit(connection: Connection) -> None:
    """Let one transaction at a time append to the audit log; SQLite's write lock does that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _AUDIT_LOCK})


@contextmanager
def available(doing: str) -> Iterator[None]:
    """Turn what the database cannot do now into :class:`StoreUnavailable`."""
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError):
        raise  # mistakes of ours: trying again would not help
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreUnavailable(
            f"the database could not {doing}: {cause}; nothing was changed; {_advice(cause)}"
        ) from None


def _advice(cause: str) -> str:
    return next((advice for words, advice in _ADVICE.items() if words in cause), "see that it runs, and try again")


def _sqlite_make(_dialect: object, _record: object, arguments: Sequence[str], _options: object) -> None:
    """Make the file before SQLite does, which would let all users read it; its -wal and -shm take its mode."""
    if arguments[0] != ":memory:":
        # A folder that is not there is reported by SQLite itself, on the same path as every other fault.
        with suppress(OSError):
            os.close(os.open(arguments[0], os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _sqlite_connect(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE, so it is switched off; see _sqlite_begin.
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


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("revenuer_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
