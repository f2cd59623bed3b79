"""The stores of an installation, by the scheme of its database URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.sql import schema
from service.backends.sql.alerts import SqlAlerts
from service.backends.sql.audit import SqlAudit
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.decisions import SqlDecisions
from service.backends.sql.dialect import connect
from service.backends.sql.records import SqlRecords
from service.backends.sql.tokens import SqlTokens
from service.backends.witness import Witness
from service.secrets import Secrets
from service.settings import SettingsError, without_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.ports import Alerts, Audit, Checkpoint, Decisions, Records, Tokens
    from service.settings import Settings


SCHEMES = ("sqlite", "sqlite+pysqlite")


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store over one pool of connections."""

    records: Records
    decisions: Decisions
    tokens: Tokens
    alerts: Alerts
    audit: Audit
    checkpoint: Checkpoint
    close: Callable[[], None]


def secrets(settings: Settings) -> Secrets:
    """The installation's secrets, made on first use."""
    return Secrets.load(settings.secrets_folder, create=True)


def stores(settings: Settings) -> Stores:
    """The stores; nothing is made or changed by opening them."""
    engine = connect(_url(settings))
    witness = Witness(settings.audit_witness)
    return Stores(
        records=SqlRecords(engine),
        decisions=SqlDecisions(engine, settings.decisions_file, witness),
        tokens=SqlTokens(engine, witness),
        alerts=SqlAlerts(engine, witness),
        audit=SqlAudit(engine, witness),
        checkpoint=SqlCheckpoint(engine, keep=settings.content, retention=settings.retention),
        close=engine.dispose,
    )


def upgrade(settings: Settings) -> bool:
    """Bring the schema to its head; whether the database was empty before."""
    return schema.upgrade(_url(settings))


def downgrade(settings: Settings, revision: str) -> None:
    """Take the schema back to a revision."""
    schema.downgrade(_url(settings), revision)


def _url(settings: Settings) -> str:
    """The database's URL, of a kind that there is a store for.

    Raises
    ------
    SettingsError
        It is of another kind, or names no file: processes that share a database cannot share a memory.

    """
    url = settings.database_url
    scheme, _, path = url.partition("://")
    if scheme not in SCHEMES or not path.startswith("/") or path[1:].partition("?")[0] in ("", ":memory:"):
        raise SettingsError(
            f"database: '{without_password(url)}' cannot be used; this version keeps its state in SQLite: "
            "leave the setting out, or set it to sqlite:////absolute/path.db"
        )
    return url
