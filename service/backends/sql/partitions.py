"""Who may write to a partition: the fence that makes exactly once rest on one row.

A claim raises the partition's epoch in a transaction of its own. Every commit first locks the
row and compares it with what the owner last made of it. So of two workers that both believe they
own a partition the one that claimed last goes on, and the other, however long it was paused or cut
off, changes nothing: its commit either came before the claim, and then the new owner has seen it,
because the claim waited for the row, or it finds another row.

The epoch alone would do if the database never went back. One that was restored from an older
backup hands an epoch out a second time, so the owner's name is compared too, which no other
worker ever has. And to the owner of both then and now it shows by the time of its last commit,
which the restored row does not have: what that worker keeps in memory is of commits that are
gone, so it must not go on either, but begin from what is there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from service.backends.sql.bulk import insert, put_new
from service.backends.sql.dialect import available, lock_schema, writing
from service.backends.sql.tables import partitions, sources
from service.ports import Fenced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement
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


@dataclass(frozen=True, slots=True)
class Hold:
    """The partition's row as its owner left it, which is how it must be found."""

    number: int
    owner: str
    epoch: int
    active: int


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


def claim(connection: Connection, number: int, owner: str) -> Hold:
    """Raise the epoch of the partition and name its owner."""
    statement = insert(connection, partitions)
    row = {"number": number, "epoch": 1, "owner": owner[:LONGEST], "since": _now(), "active": 0}
    taken = {
        "epoch": partitions.c.epoch + 1,
        "owner": statement.excluded.owner,
        "since": statement.excluded.since,
    }
    upsert = statement.on_conflict_do_update(index_elements=[partitions.c.number], set_=taken)
    found = connection.execute(upsert.returning(partitions.c.epoch, partitions.c.active), row).one()
    return Hold(number, owner[:LONGEST], found.epoch, found.active)


def reclaim(connection: Connection, hold: Hold) -> Hold:
    """Raise the epoch that is one's own.

    Whoever does not know what became of a commit calls this: it waits for the commit if it still goes on,
    and one that arrives later is refused.

    Raises
    ------
    Fenced
        Somebody else raised it.

    """
    return _moved(connection, hold, _own(hold), hold.epoch + 1)


def guard(connection: Connection, hold: Hold) -> Hold:
    """Hold the partition until the end of the transaction; what its row is to be found as once that is stored.

    Raises
    ------
    Fenced
        The row is not as the owner left it.

    """
    return _moved(connection, hold, _own(hold) & (partitions.c.active == hold.active), hold.epoch)


def _own(hold: Hold) -> ColumnElement[bool]:
    own = (partitions.c.number == hold.number) & (partitions.c.epoch == hold.epoch)
    return own & (partitions.c.owner == hold.owner)


def _moved(connection: Connection, hold: Hold, found: ColumnElement[bool], epoch: int) -> Hold:
    # Always another time than before, whatever the clock does.
    moved = replace(hold, epoch=epoch, active=max(_now(), hold.active + 1))
    statement = update(partitions).where(found).values(epoch=moved.epoch, active=moved.active)
    if not connection.execute(statement).rowcount:
        raise Fenced(
            f"partition {hold.number} is no longer held under epoch {hold.epoch} as this worker left it: another "
            "worker has claimed it, or the database was restored; nothing of this commit was stored"
        )
    return moved


def _now() -> int:
    return time.time_ns() // 1000
