"""Postgres through pg8000: nobody waits for it without end, and nobody holds others up.

Every wait has a bound: for a connection, for an answer (a host that fell off the
network sends nothing at all), for a lock, for a statement, and for a client that
stopped in the middle of a transaction, so that a paused worker lets go its rows.
"""

from __future__ import annotations

import socket
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any

import pg8000
from sqlalchemy import create_engine, event

from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import URL, Engine
    from sqlalchemy.engine.interfaces import ExceptionContext

CONNECT = 5.0
"""Seconds to a connection."""
STATEMENT = 15_000
"""Milliseconds that a statement may take. A commit of 4,096 events takes less than one second."""
ANSWER = STATEMENT / 1000 + 5
"""Seconds without a byte after which the server is taken for gone; the server gives up before that."""
LOCK = 5_000
"""Milliseconds that a statement waits for a row: for a commit of another owner of the partition."""
IDLE = 10_000
"""Milliseconds that a transaction may stand idle; then it is rolled back and its connection ended."""
POOL = 5
"""Connections that a process keeps, and how many more it opens for a moment."""
SQLSTATES = {
    "08": "see that it runs and is reached from here",
    "23514": "the log's days were being changed, which takes a moment",
    "25P03": "this process stood still for too long; it goes on from the checkpoint",
    "25006": "it takes no writes: the URL leads to a standby; point it at the primary",
    "28": "see that user and password in the URL are right",
    "3D": "make the database that the URL names",
    "40": "another transaction was in the way",
    "42501": "grant the URL's user what it lacks: it must own the database",
    "42P01": "its tables are missing: restart the worker, it makes them",
    "53100": "make room on its disk",
    "53200": "give it more memory",
    "53300": "raise its max_connections, or run fewer processes",
    "53": "see what it has run out of",
    "55": "another process holds what is asked for: if that lasts, look for it in pg_stat_activity",
    "57014": "it is overloaded, or another transaction is in the way",
    "57": "it is being stopped or started",
    "58": "see its log: the system below it fails",
    "F0": "see its log and configuration",
    "XX": "see its log: it may be damaged",
}
"""SQLSTATE, or class of them -> what to do. Any other is a mistake of ours."""


def engine(url: URL, options: dict[str, Any], *, patient: bool) -> Engine:
    """An engine for the server; ``patient`` waits as long as a migration of a large table takes.

    Raises
    ------
    SettingsError
        The URL asks for something that there is not.

    """
    if url.drivername not in ("postgresql", "postgresql+pg8000"):
        raise SettingsError(f"database: the driver of '{url.drivername}://' is not known; write postgresql://")
    tls = _tls(url)
    bounds = {"statement_timeout": STATEMENT, "lock_timeout": LOCK, "idle_in_transaction_session_timeout": IDLE}
    startup = {name: "0" if patient else str(value) for name, value in bounds.items()}
    made = create_engine(
        # What libpq calls an option of the connection is not one of pg8000's.
        url.set(drivername="postgresql+pg8000", query={}),
        connect_args={"ssl_context": tls, "startup_params": startup, "application_name": "revenuer"},
        pool_pre_ping=True,
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=10,
        **options,
    )

    def connect(_dialect: object, _record: object, _arguments: object, given: dict[str, Any]) -> Any:
        return _connected(given, answer=None if patient else ANSWER)

    made.dialect.do_ping = partial(_answers, made.dialect.do_ping)  # type: ignore[method-assign]
    event.listen(made, "do_connect", connect)
    event.listen(made, "handle_error", _lost)
    return made


def _connected(given: dict[str, Any], *, answer: float | None) -> Any:
    """A connection over a socket of our own, because pg8000 has one bound for connecting and for waiting."""
    made = socket.create_connection((given.get("host") or "localhost", given.get("port") or 5432), CONNECT)
    try:
        made.settimeout(answer)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
        return pg8000.Connection(sock=made, **given)
    except BaseException:
        made.close()
        raise


def _answers(ping: Callable[[Any], bool], connection: Any) -> bool:
    """Whether a connection that lay in the pool is alive: a reset socket is not, which pg8000 tells as it comes."""
    try:
        return ping(connection)
    except OSError:
        return False


def _lost(context: ExceptionContext) -> None:
    """A fault of the socket is a lost connection: pg8000 lets some of them through as they are."""
    if isinstance(context.original_exception, OSError):
        context.is_disconnect = True


def _tls(url: URL) -> ssl.SSLContext | bool | None:
    """What ``sslmode`` and ``sslrootcert`` in the URL ask for, in libpq's words; its default, ``prefer``, is ours."""
    unknown = url.query.keys() - {"sslmode", "sslrootcert"}
    if unknown:
        raise SettingsError(f"database: unknown option '{min(unknown)}' in the URL; known: sslmode, sslrootcert")
    mode, root = url.query.get("sslmode", "prefer"), url.query.get("sslrootcert")
    if mode == "disable":
        return False
    if mode == "prefer" and root is None:
        return None
    if mode not in ("prefer", "require", "verify-ca", "verify-full"):
        raise SettingsError(
            f"database: invalid sslmode '{mode}': must be disable, prefer, require, verify-ca or verify-full"
        )
    context = ssl.create_default_context(cafile=str(root) if root else None)
    if mode != "verify-full":
        context.check_hostname = False
    if mode in ("prefer", "require") and root is None:
        context.verify_mode = ssl.CERT_NONE
    return context
