"""Who may write to a partition: the fence that makes exactly once rest on one row.

A claim raises the partition's epoch in a transaction of its own. Every commit first locks the
row and compares the epoch. So of two workers that both believe they own a partition the one
that claimed last goes on, and the other, however long it was paused or cut off, changes
nothing: its commit either came before the claim, and then the new owner has seen it, because
the claim waited for the row, or it finds another epoch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from service.backends.sql.bulk import insert, put_new
from service.backends.sql.dialect import available, lock_schema, writing
from service.backends.sql.tables import partitions, sources
from service.ports import Fenced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine

LONGEST = 128
"""Characters of an owner's name."""


@dataclass(frozen=True, slots=True)
class Held:
    """A partition as the database knows it; times in microseconds by the owner's clock."""

    number: int
    owner: str
    epoch: int
    since: int
    """When it was claimed."""
    active: int
    """When the last commit began; 0 before the first."""


class SqlPartitions:
    """How many partitions the installation has, and who wrote to them last."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = writing(engine)

    def count(self) -> int:
        """Partitions there are; 0 before anything was taken. Raises StoreUnavailable."""
        with available("count its partitions"), self._engine.begin() as connection:
            return count(connection)

    def ensure(self, number: int) -> int:
        """Make so many where there are none yet; how many there are now. Raises StoreUnavailable."""
        rows = [{"number": n, "epoch": 0, "owner": "", "since": 0, "active": 0} for n in range(number)]
        with available("make its partitions"), self._writing.begin() as connection:
            lock_schema(connection)  # of two first starts one decides how many
            if not count(connection):
                put_new(connection, partitions, rows)
            return count(connection)

    def all(self) -> Sequence[Held]:
        """Every partition, by number. Raises StoreUnavailable."""
        query = select(partitions).order_by(partitions.c.number)
        with available("say who holds its partitions"), self._engine.begin() as connection:
            return [
                Held(number=row.number, owner=row.owner, epoch=row.epoch, since=row.since, active=row.active)
                for row in connection.execute(query)
            ]

    def positions(self, number: int) -> Mapping[str, int]:
        """Where each source of the partition has been taken to. Raises StoreUnavailable."""
        query = select(sources.c.source, sources.c.position).where(sources.c.partition == number)
        with available("say how far it has come"), self._engine.begin() as connection:
            return {row.source: row.position for row in connection.execute(query)}


def count(connection: Connection) -> int:
    """Partitions there are."""
    return int(connection.execute(select(func.count()).select_from(partitions)).scalar_one())


def claim(connection: Connection, number: int, owner: str) -> int:
    """Raise the epoch of the partition and name its owner; the new epoch."""
    statement = insert(connection, partitions)
    row = {"number": number, "epoch": 1, "owner": owner[:LONGEST], "since": _now(), "active": 0}
    taken = {
        "epoch": partitions.c.epoch + 1,
        "owner": statement.excluded.owner,
        "since": statement.excluded.since,
    }
    upsert = statement.on_conflict_do_update(index_elements=[partitions.c.number], set_=taken)
    return int(connection.execute(upsert.returning(partitions.c.epoch), row).scalar_one())


def reclaim(connection: Connection, number: int, epoch: int) -> int:
    """Raise the epoch that is one's own; the new one.

    Whoever does not know what became of a commit calls this: it waits for the commit if it still goes on,
    and one that arrives later is refused.

    Raises
    ------
    Fenced
        Somebody else raised it.

    """
    return _moved(connection, number, epoch, epoch + 1)


def guard(connection: Connection, number: int, epoch: int) -> None:
    """Hold the partition until the end of the transaction.

    Raises
    ------
    Fenced
        The epoch is another one.

    """
    _moved(connection, number, epoch, epoch)


def _moved(connection: Connection, number: int, epoch: int, to: int) -> int:
    own = (partitions.c.number == number) & (partitions.c.epoch == epoch)
    if not connection.execute(update(partitions).where(own).values(epoch=to, active=_now())).rowcount:
        raise Fenced(
            f"partition {number} is no longer held under epoch {epoch}: another worker has claimed it; "
            "nothing of this commit was stored"
        )
    return to


def _now() -> int:
    return time.time_ns() // 1000
