"""The stores of an installation, by the scheme of its database URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.sql import schema
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.decisions import SqlDecisions
from service.backends.sql.dialect import connect
from service.backends.sql.records import SqlRecords
from service.backends.sql.tokens import SqlTokens
from service.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.ports import Checkpoint, Decisions, Records, Tokens
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store over one pool of connections."""

    records: Records
    decisions: Decisions
    tokens: Tokens
    checkpoint: Checkpoint
    close: Callable[[], None]


def secrets(settings: Settings) -> Secrets:
    """The installation's secrets, made on first use."""
    return Secrets.load(settings.secrets_folder, create=True)


def stores(settings: Settings) -> Stores:
    """The stores; nothing is made or changed by opening them."""
    engine = connect(settings.database_url)
    return Stores(
        records=SqlRecords(engine),
        decisions=SqlDecisions(engine, settings.decisions_file),
        tokens=SqlTokens(engine),
        checkpoint=SqlCheckpoint(engine, keep=settings.content, retention=settings.retention),
        close=engine.dispose,
    )


def upgrade(settings: Settings) -> bool:
    """Bring the schema to its head; whether the database was empty before."""
    return schema.upgrade(settings.database_url)
