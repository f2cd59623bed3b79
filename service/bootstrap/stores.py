"""The stores of an installation, by the scheme of its database URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.sql import checks, schema
from service.backends.sql.alerts import SqlAlerts
from service.backends.sql.audit import SqlAudit
from service.backends.sql.baselines import SqlBaselines
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.decisions import SqlDecisions
from service.backends.sql.dialect import connect
from service.backends.sql.hits import SqlHits
from service.backends.sql.outbox import SqlOutbox
from service.backends.sql.partitions import SqlPartitions
from service.backends.sql.records import SqlRecords
from service.backends.sql.registers import SqlRegister
from service.backends.sql.sessions import SqlSessions
from service.backends.sql.tokens import SqlTokens
from service.backends.witness import Witness
from service.model.appeal import Appeal
from service.model.campaign import Correction
from service.model.declaration import Declaration
from service.model.notification import Destination
from service.model.proposal import Proposal
from service.model.suppression import Suppression
from service.model.user import User
from service.model.view import SavedView
from service.ports import Registers
from service.secrets import Secrets
from service.settings import SettingsError, without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.backends.redis.client import Link
    from service.model.finding import Finding
    from service.ports import Alerts, Audit, Checkpoint, Decisions, Records, Tokens
    from service.settings import Settings


SQLITE = ("sqlite", "sqlite+pysqlite")
POSTGRES = ("postgresql", "postgresql+pg8000")


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store over one pool of connections."""

    records: Records
    decisions: Decisions
    tokens: Tokens
    alerts: Alerts
    audit: Audit
    registers: Registers
    partitions: SqlPartitions
    baselines: SqlBaselines
    checkpoint_of: Callable[[int], Checkpoint]
    """A new one for the partition of that number."""
    link: Link | None
    """The shared stream; None where there is none."""
    close: Callable[[], None]

    @property
    def checkpoint(self) -> Checkpoint:
        """Of the one partition that an installation without a shared stream has."""
        return self.checkpoint_of(0)


def secrets(settings: Settings) -> Secrets:
    """The installation's secrets, made on first use."""
    return Secrets.load(settings.secrets_folder, create=True)


def stores(settings: Settings) -> Stores:
    """The stores; nothing is made or changed by opening them."""
    engine = connect(url_of(settings))
    witness = Witness(settings.audit_witness)
    decisions: Decisions = SqlDecisions(engine, settings.decisions_file, witness)
    link: Link | None = None
    if settings.shared_stream:
        # Here, because an installation on one host needs no Redis to be installed for its command line.
        from service.backends.redis.client import connect as reach  # noqa: PLC0415
        from service.backends.redis.decisions import SharedDecisions  # noqa: PLC0415

        link = reach(settings.stream)
        decisions = SharedDecisions(decisions, link)

    def checkpoint(partition: int) -> Checkpoint:
        return SqlCheckpoint(
            engine,
            partition=partition,
            keep=settings.content,
            retention=settings.retention,
            retain=settings.log.retain,
        )

    def close() -> None:
        engine.dispose()
        if link is not None:
            link.close()

    return Stores(
        records=SqlRecords(engine),
        decisions=decisions,
        tokens=SqlTokens(engine, witness),
        alerts=SqlAlerts(engine, witness),
        audit=SqlAudit(engine, witness),
        registers=Registers(
            users=SqlRegister(engine, witness, User),
            sessions=SqlSessions(engine, witness),
            proposals=SqlRegister(engine, witness, Proposal),
            suppressions=SqlRegister(engine, witness, Suppression),
            appeals=SqlRegister(engine, witness, Appeal),
            destinations=SqlRegister(engine, witness, Destination),
            hits=SqlHits(engine),
            outbox=SqlOutbox(engine),
            corrections=SqlRegister(engine, witness, Correction),
            declarations=SqlRegister(engine, witness, Declaration),
            views=SqlRegister(engine, witness, SavedView),
        ),
        partitions=SqlPartitions(engine),
        baselines=SqlBaselines(engine),
        checkpoint_of=checkpoint,
        link=link,
        close=close,
    )


def examine(settings: Settings) -> Iterator[Finding]:
    """What is found of the database's server."""
    engine = connect(url_of(settings))
    try:
        yield from checks.findings(engine)
    finally:
        engine.dispose()


def upgrade(settings: Settings) -> bool:
    """Bring the schema to its head; whether the database was empty before."""
    return schema.upgrade(url_of(settings))


def downgrade(settings: Settings, revision: str) -> None:
    """Take the schema back to a revision."""
    schema.downgrade(url_of(settings), revision)


def url_of(settings: Settings) -> str:
    """The database's URL, of a kind that there is a store for.

    Raises
    ------
    SettingsError
        It is of another kind, or names no file: processes that share a database cannot share a memory.

    """
    url = settings.database_url
    scheme, _, path = url.partition("://")
    if scheme in POSTGRES and path.partition("?")[0].partition("/")[2]:
        return url
    if scheme in SQLITE and path.startswith("/") and path[1:].partition("?")[0] not in ("", ":memory:"):
        return url
    raise SettingsError(
        f"database: '{without_password(url)}' cannot be used; it is postgresql://user:password@host[:port]/database, "
        "sqlite:////absolute/path.db, or left out for SQLite in the data folder"
    )
