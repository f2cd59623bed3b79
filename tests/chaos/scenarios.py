"""What does harm, in exactly the order in which it does, on the rig. Each leaves a run that is finished.

After any of them what is left must be what an undisturbed run leaves. ``CASES`` names for each the protection that it
is about: with that switched off (``weak``) it must come out otherwise, or the scenario would prove nothing.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from service.backends.redis import keys
from service.backends.sql.checkpoint import SqlCheckpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.backends.redis.client import Link
    from service.ports import Commit
    from tests.chaos.rig import Rig


ELSEWHERE = 3.0
"""Seconds in which every other partition gets to its end, those without queries too."""


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario."""

    run: Callable[[Rig], None]
    weak: str
    """Name in ``weak.VARIANTS`` of the protection taken away."""
    embedded: bool = False
    """Whether it can happen without a shared stream too."""


@contextmanager
def interrupted(number: int, before: Callable[[int], None]) -> Iterator[None]:
    """Before the commit of that number of those that change states, something else happens, once.

    It is told the partition.
    """
    commit = SqlCheckpoint.commit
    seen = 0

    def interrupt(self: SqlCheckpoint, batch: Commit) -> None:
        nonlocal seen
        seen += bool(batch.entities)
        if seen == number and batch.entities:
            seen += 1
            before(self._partition)
        commit(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlCheckpoint, "commit", interrupt)
        yield


def paused(rig: Rig) -> None:
    """A worker stands still between reading and its commit, beyond its lease; another takes over; it goes on."""
    other = rig.worker()

    def taken_over(_partition: int) -> None:
        rig.log(1.0)
        rig.stop_gateways()
        rig.until(lambda: rig.rows() >= rig.queries, other)
        rig.settle(other)

    rig.log(0.6)
    with interrupted(4, taken_over):
        rig.until(lambda: rig.rows() >= rig.queries)
    # The new owner forgets what it knows, so that what the old one may have spoilt is not put right by chance.
    for lane in other:
        lane.close()
    rig.finish(other)


def two_owners(rig: Rig) -> None:
    """Two workers believe that every partition is theirs, all the time."""
    other = rig.worker()
    for share in range(1, 11):
        rig.log(share / 10)
        for _ in range(6):
            rig.turn()
            rig.turn(other)
    rig.finish()


def shipped_twice(rig: Rig) -> None:
    """Everything that was shipped is shipped once more, half of it taken already."""
    rig.retain = 3600.0
    rig.log(0.6)
    rig.until(lambda: rig.rows() >= 0.3 * rig.queries)
    rig.ship()
    link = _link(rig)
    for number in range(rig.partitions):
        for source in link.one("HKEYS", keys.shipped(number)):
            link.one("HSET", keys.shipped(number), source, f"{0:016d}")
    rig.finish()


def tail_lost(rig: Rig) -> None:
    """A primary fails; the replica that follows it never got the latest writes, some of which were taken already."""
    rig.log(0.3)
    rig.ship()
    before = _dumped(rig)
    rig.log(0.7)
    rig.ship()
    rig.until(lambda: rig.rows() >= 0.4 * rig.queries)
    # More is logged, and shipped before the shippers look again at where the partitions stand.
    rig.log(0.8)
    rig.look()
    _restore(rig, before)
    rig.log(0.9)
    rig.finish()


def wiped(rig: Rig) -> None:
    """Redis comes back empty, with much in it that no worker had taken; and a second time."""
    for share in (0.4, 0.8):
        rig.log(share)
        rig.ship()
        rig.look()
        rig.turn(ship=False)
        for server in _link(rig).servers():
            server.flushall()
        rig.publish()
    rig.finish()


def database_lost(rig: Rig) -> None:
    """The database goes away when a worker is about to commit what it read, and is back only a while later."""

    class Gone(OSError):
        pass

    def gone(partition: int) -> None:
        # The others have theirs in the database by then, so that only this one's still needs spool and stream.
        others = [lane for lane in rig.lanes if lane.partition != partition]
        end = time.monotonic() + ELSEWHERE
        while time.monotonic() < end:
            rig.turn(others)
        rig.look()
        raise Gone("the database server was killed")

    for begin in (0.0, 0.5):
        # In small entries, so that a batch has whole ones.
        for step in range(1, 10):
            rig.log(begin + step / 20)
            rig.ship()
        with interrupted(1, gone), pytest.raises(Gone):
            rig.until(lambda: rig.rows() >= rig.queries)
        # Whoever was interrupted is gone with what it held in memory.
        for lane in rig.lanes:
            lane.close()
    rig.finish()


def _link(rig: Rig) -> Link:
    assert rig.store.link is not None
    return rig.store.link


def _dumped(rig: Rig) -> dict[tuple[int, Any], Any]:
    """Every key of every server, as it is now."""
    return {
        (number, key): server.dump(key)
        for number, server in enumerate(_link(rig).servers())
        for key in server.keys("rv:*")
    }


def _restore(rig: Rig, before: dict[tuple[int, Any], Any]) -> None:
    servers = _link(rig).servers()
    for server in servers:
        server.flushall()
    for (number, key), value in before.items():
        servers[number].restore(key, 0, value, replace=True)


CASES = {
    "paused": Case(paused, "unfenced", embedded=True),
    "two-owners": Case(two_owners, "unfenced", embedded=True),
    "shipped-twice": Case(shipped_twice, "unskipped"),
    "tail-lost": Case(tail_lost, "unasked"),
    "wiped": Case(wiped, "unreceipted"),
    "database-lost": Case(database_lost, "trimmed"),
}
