"""The one place that knows which database it is: connections, locks, and what it says when it cannot go on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.backends.sql import postgres, sqlite
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine

log = structlog.get_logger()

_RACES = frozenset({"55P03", "40P01", "42P07", "42P01", "23514"})
"""Lock not to be had, deadlock, made or dropped by another meanwhile, a row that came in between."""
_SCHEMA_LOCK = 0x7265_766E
"""Any number of our own: two processes that upgrade at once take turns."""
_AUDIT_LOCK = _SCHEMA_LOCK + 1


def connect(url: str, *, patient: bool = False) -> Engine:
    """An engine for the URL, with the durability that the no-loss log rests on.

    Errors never show bound values: they may be prompts.

    Parameters
    ----------
    url
        ``sqlite:///...`` or ``postgresql://...``.
    patient
        Wait without bound for locks and statements: for changes of the schema alone.

    Raises
    ------
    SettingsError
        The URL asks for something that there is not.

    """
    parsed = make_url(url)
    options: dict[str, Any] = {"hide_parameters": True}
    if parsed.get_backend_name() == "sqlite":
        return sqlite.engine(parsed, options, patient=patient)
    return postgres.engine(parsed, options, patient=patient)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock at their beginning."""
    return engine.execution_options(revenuer_write=True)


def is_postgres(connection: Connection) -> bool:
    """Whether it is Postgres."""
    return connection.dialect.name == "postgresql"


def lock_schema(connection: Connection) -> None:
    """Let one process at a time change the schema; SQLite's write lock does that already."""
    if is_postgres(connection):
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
    except (DatabaseError, InterfaceError, PoolTimeout, OSError) as error:
        cause, advice = told(error)
        if advice is None:
            raise  # a mistake of ours: trying again would not help
        raise StoreUnavailable(f"the database could not {doing}: {cause}; nothing was changed; {advice}") from None


@contextmanager
def lost_race(event: str, **fields: object) -> Iterator[None]:
    """Let go what others were in the way of, to be tried again another time: logged, nothing more."""
    try:
        yield
    except DatabaseError as error:
        original = error.orig.args[0] if error.orig is not None and error.orig.args else None
        if not isinstance(original, dict) or original.get("C") not in _RACES:
            raise
        log.info(event, reason=original["C"], **fields)


def told(error: Exception) -> tuple[str, str | None]:
    """What the database said, in a line without values, and what to do; None where the mistake is ours."""
    if isinstance(error, PoolTimeout):
        return "all of this process's connections to it are in use", "see that it answers, and try again"
    original = error.orig if isinstance(error, DBAPIError) else error
    said = original.args[0] if original is not None and original.args else None
    if isinstance(said, dict) and "C" in said:
        return _postgres_said(said)
    if isinstance(error, (DataError, IntegrityError, ProgrammingError)):
        return type(error).__name__, None
    cause = (str(original).splitlines() or [type(original).__name__])[0]
    advice = next((advice for words, advice in sqlite.ADVICE.items() if words in cause), None)
    return cause, advice or "see that it runs, and try again"


def _postgres_said(said: dict[str, str]) -> tuple[str, str | None]:
    """The message's first line. Its detail, which may hold values, is left out."""
    state = said["C"]
    advice = postgres.SQLSTATES.get(state) or postgres.SQLSTATES.get(state[:2])
    return f"{said.get('M', '').splitlines()[0]} ({state})", advice
