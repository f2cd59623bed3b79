"""Deliberately weak variants, to prove that the harness sees what they lose or count twice.

``python -m tests.chaos.weak VARIANT ROLE`` runs a role with one promise broken; a test breaks it for itself with
``VARIANTS[name](monkeypatch.setattr)``. Nothing of it is in the product.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service import roles
from service.backends.redis import scripts
from service.backends.redis.intake import Intake
from service.backends.redis.leases import RedisLeases
from service.backends.redis.route import Route
from service.backends.redis.source import StreamSource
from service.backends.redis.trim import Trim
from service.backends.spool import SpoolReader, SpoolTail, SpoolWriter
from service.backends.sql import partitions
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.writes import Places
from service.ports import Commit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from service.backends.redis.feed import Feed
    from service.backends.redis.intake import Found, Taken
    from service.model.query import Record
    from service.ports import Sourced

Patch = Callable[[Any, str, Any], None]
"""``setattr``, or a test's own that is undone."""

BUFFER = 0.3
"""Seconds that records stay in memory in the variant that acknowledges from there."""
EARLY = 0.5
"""Seconds between reading and the checkpoint in the variant that deletes between the two."""
APART = 2.0
"""Seconds between two savings of the positions in the variant that stores them apart."""


def memory(patch: Patch) -> None:
    """Acknowledge from memory; write a little later."""
    append = SpoolWriter.append

    def at_once(self: SpoolWriter, record: Record) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        loop.call_later(BUFFER, append, self, record)
        answer: asyncio.Future[bool] = loop.create_future()
        answer.set_result(True)
        return answer

    patch(SpoolWriter, "append", at_once)


def early(patch: Patch) -> None:
    """Delete what was read, before a checkpoint covers it."""
    read = SpoolReader.read

    def and_release(self: SpoolReader, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        taken = read(self, after, limit)
        self._retain = 0.0
        self.release({**after, **{item.source: item.sequence for item in taken}})
        return taken

    patch(SpoolReader, "read", and_release)
    whole = SqlCheckpoint.commit

    def later(self: SqlCheckpoint, commit: Commit) -> None:
        time.sleep(EARLY)
        whole(self, commit)

    patch(SqlCheckpoint, "commit", later)


def apart(patch: Patch) -> None:
    """Store the positions apart from the states, now and then."""
    whole = SqlCheckpoint.commit
    newest = Commit()
    lock = threading.Lock()

    def without_positions(self: SqlCheckpoint, commit: Commit) -> None:
        nonlocal newest
        with lock:
            begun = bool(newest.positions)
            newest = Commit(positions=commit.positions, logged=commit.logged)
            commit.positions, commit.logged = {}, {}
            whole(self, commit)
        if not begun:
            threading.Thread(target=save, args=(self,), daemon=True).start()

    def save(checkpoint: SqlCheckpoint) -> None:
        while True:
            time.sleep(APART)
            with lock:
                whole(checkpoint, newest)

    patch(SqlCheckpoint, "commit", without_positions)


def unfenced(patch: Patch) -> None:
    """Commit whoever owns the partition."""
    patch(partitions, "guard", lambda _, hold: hold)


def greedy(patch: Patch) -> None:
    """Believe in every lease: each worker tends every partition. Harmless while there is a fence."""

    def every(self: RedisLeases) -> Collection[int]:
        self._renew(time.monotonic())
        return range(self._partitions)

    patch(RedisLeases, "hold", every)


def greedy_unfenced(patch: Patch) -> None:
    """The two together."""
    greedy(patch)
    unfenced(patch)


def unskipped(patch: Patch) -> None:
    """Take what the stream brings, once more where it brings it once more."""
    one = Intake._one

    def again(self: Intake, taken: Taken, found: Found, feed: Feed, now: float) -> None:
        feed.head = min(feed.head, found.entry.start)
        one(self, taken, found, feed, now)

    patch(Intake, "_one", again)
    patch(Places, "moved", _anywhere)


def unasked(patch: Patch) -> None:
    """Neither the stream nor its reader minds a hole in a source's numbers."""
    refusal = "elseif ARGV[2] > last then\n  return {'gap', last}\n"
    assert refusal in scripts.APPEND
    patch(scripts, "APPEND", scripts.APPEND.replace(refusal, ""))
    one = Intake._one

    def past(self: Intake, taken: Taken, found: Found, feed: Feed, now: float) -> None:
        feed.head = max(feed.head, found.entry.start)
        one(self, taken, found, feed, now)

    patch(Intake, "_one", past)
    patch(StreamSource, "_find_lost", lambda *_: None)


def unreceipted(patch: Patch) -> None:
    """Delete what Redis has, before SQL has it."""
    patch(Route, "releasable", lambda self: min(at or 0 for at in self.at))
    release = SpoolTail.release

    def at_once(self: SpoolTail, covered: Mapping[str, int]) -> None:
        self._retain = 0.0
        release(self, covered)

    patch(SpoolTail, "release", at_once)


def trimmed(patch: Patch) -> None:
    """Say that what was read is covered, before it is."""
    read = StreamSource.read

    def and_cover(self: StreamSource, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        taken = read(self, after, limit)
        self._trim._last = float("-inf")
        self.release({**after, **{item.source: item.sequence for item in taken}})
        return taken

    patch(StreamSource, "read", and_cover)
    release = SpoolTail.release

    def at_once(self: SpoolTail, covered: Mapping[str, int]) -> None:
        self._retain = 0.0
        release(self, covered)

    patch(SpoolTail, "release", at_once)
    patch(Route, "releasable", lambda self: self.covered)
    patch(Trim, "flush", _flushed(Trim.flush))


def _flushed(flush: Callable[[Trim], None]) -> Callable[[Trim], None]:
    def at_once(self: Trim) -> None:
        self._last = float("-inf")
        flush(self)

    return at_once


def _anywhere(self: Places, commit: Commit) -> dict[str, tuple[int, int]]:  # noqa: ARG001 - in place of a method
    return {source: (at, commit.logged.get(source, at)) for source, at in commit.positions.items()}


VARIANTS: dict[str, Callable[[Patch], None]] = {
    "memory": memory,
    "early": early,
    "apart": apart,
    "unfenced": unfenced,
    "greedy": greedy,
    "greedy-unfenced": greedy_unfenced,
    "unskipped": unskipped,
    "unasked": unasked,
    "unreceipted": unreceipted,
    "trimmed": trimmed,
}

if __name__ == "__main__":
    VARIANTS[sys.argv.pop(1)](setattr)
    roles.main()
