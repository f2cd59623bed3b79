"""The worker's source: an ``EventSource`` over one partition of the stream.

It has a cursor of its own and no consumer group: a partition has one owner, and what the owner has taken is in SQL.
So nothing that it keeps matters: a new one goes on from any positions.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.backends.redis.attention import Attention
from service.backends.redis.feed import NOWHERE, Feed, merge, watermark
from service.backends.redis.intake import Intake
from service.backends.redis.partition import Partition
from service.backends.redis.trim import Trim
from service.backends.spool import FINAL
from service.model.query import Mark
from service.ports import Lag, StreamNewer, StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.backends.redis.client import Link
    from service.backends.redis.intake import Taken
    from service.backends.redis.partition import Heard
    from service.ports import Sourced

log = structlog.get_logger(__name__)

SILENCE = 15.0
"""Seconds without a word after which a source no longer holds the others up; what it ships later is taken late."""
PATIENCE = 6.0
"""Seconds for which an owner that begins to read gives nothing out. Where the stream was away or empty until now, every
shipper is back within that: the longest pause between its tries and a look. So by then every source is known."""
GONE = 600.0
"""Seconds behind the newest word of any source after which a new owner does not wait for one at all."""
BUFFER = 16 * 1024 * 1024
"""Sealed bytes waiting for slower sources, beyond which they are given out as far as they are in order."""
HOLD, HOLD_IDLE = 2.0, 5.0
"""Seconds that nothing but marks is held back, so that a quiet partition does not commit for nothing; the second once
only marks were given out."""
FRESH = 0.25
"""Seconds for which a look will do while there is enough to give out."""
PAGE_BYTES = 4 * 1024 * 1024
SHORTEST_PAGE, LONGEST_PAGE = 16, 512
"""Entries asked for at once: as many as have about that many bytes."""


class StreamSource:
    """Reads one partition. Not for use from several threads at once.

    Parameters
    ----------
    link
        From :func:`service.backends.redis.client.connect`; all partitions of a process share it.
    partition
        Its number.
    spool_key
        The installation's, under which shippers seal.
    owner
        True for the source that the states are made from, whose positions are the checkpoint's: it tells the
        shippers what is covered. False for the one that the log runs ahead by.
    silence
        Seconds after which a source no longer holds the others up.
    patience
        Seconds at the beginning for which nothing is given out; ``PATIENCE`` for the owner by default, none for the
        other, since the log has no order to keep.
    hold
        Seconds that nothing but marks is held back, and the same once only marks were given out.
    clock
        Monotonic seconds.

    """

    def __init__(
        self,
        link: Link,
        partition: int,
        spool_key: bytes,
        *,
        owner: bool = True,
        silence: float = SILENCE,
        patience: float | None = None,
        hold: tuple[float, float] = (HOLD, HOLD_IDLE),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._partition = Partition(link, partition)
        self._intake = Intake(partition, spool_key)
        self._owner = owner
        self._silence = silence
        self._patience = patience if patience is not None else PATIENCE if owner else 0.0
        self._hold = hold
        self._clock = clock
        self._page = SHORTEST_PAGE
        self._last_given = self._listened = clock()
        self._idle = False
        self._begin({})

    def _begin(self, after: Mapping[str, int]) -> None:
        """Forget what was read, and go on from the positions."""
        self._given = dict(after)
        self._feeds: dict[str, Feed] = {}
        self._held: dict[str, Sourced] = {}
        """Marks held back, the latest of each source."""
        self._attention = Attention()
        self._answered: float | None = None
        self._trim = Trim(self._partition, self._clock)
        self._newer = False
        self._rewound()

    def _rewound(self) -> None:
        """Read the stream from its beginning again; what is in the feeds stays."""
        self._cursor = b"-"
        self._shipped: Mapping[str, int] = {}
        self._settled = False
        self._unread = 0
        self._trim.forget()

    # The contract

    def read(self, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        """At most ``limit`` items beyond the positions; ``Mark`` records end the ranges.

        Raises
        ------
        StreamUnavailable
            The stream does not answer; nothing was taken.
        StreamNewer
            What comes next was written by a newer version: give the partition back.

        """
        self._align(after)
        self._trim.flush()
        out = self._due(limit) if self._clock() - self._listened < FRESH and self._full(limit) else []
        while not out:
            more = self._listen()
            if more and not self._full(limit):
                continue
            out = self._due(limit)
            if not more or self._waiting() >= BUFFER:
                break
        if not out and self._newer and not any(feed.items for feed in self._feeds.values()):
            raise StreamNewer(
                f"partition {self._partition.number} holds entries of a newer version; upgrade this worker"
            )
        for item in out:
            self._given[item.source] = item.sequence
        return out

    def release(self, covered: Mapping[str, int]) -> None:
        """Tell shippers what is covered and trim the stream; where it does not answer, with a later call."""
        if self._owner:
            self._trim.cover(covered)

    def lag(self, after: Mapping[str, int]) -> Lag:  # noqa: ARG002 - the last read was from these positions
        """What is known from the last read; asks nothing of the network."""
        waiting, entries = self._waiting(), sum(feed.entries for feed in self._feeds.values())
        times = [at for feed in self._feeds.values() if (at := feed.oldest()) is not None]
        return Lag(waiting + round(self._unread * waiting / max(entries, 1)), min(times, default=None))

    def damage(self) -> Sequence[tuple[str, int]]:
        """Sources whose entries were set aside, with their bytes, since the last call."""
        return self._intake.damage()

    # Giving out

    def _align(self, after: Mapping[str, int]) -> None:
        """Follow the positions: back, by reading everything again; forward, by skipping."""
        if any(after.get(source, 0) < number for source, number in self._given.items()):
            self._begin(after)
            return
        for source, number in after.items():
            if number > self._given.get(source, 0):
                self._given[source] = number
                self._held.pop(source, None)
                if source in self._feeds:
                    self._feeds[source].skip(number)

    def _full(self, limit: int) -> bool:
        return self._waiting() >= BUFFER or sum(len(feed.items) for feed in self._feeds.values()) >= limit

    def _waiting(self) -> int:
        return sum(feed.bytes for feed in self._feeds.values())

    def _due(self, limit: int) -> list[Sourced]:
        """What may be given out now; marks alone only once they have been held back long enough."""
        if self._attention.now < self._patience:
            return []
        bound = watermark(self._feeds.values(), now=self._attention.now, silence=self._silence)
        found = merge(self._feeds.values(), bound, max(limit - len(self._held), 0))
        if not found and self._waiting() >= BUFFER:
            log.warning("stream.crowded", partition=self._partition.number, waits_for=bound[1])
            found = merge(self._feeds.values(), NOWHERE, limit)
        newer = {item.source for item in found}
        out = [item for source, item in self._held.items() if source not in newer] + found
        only_marks = all(type(item.record) is Mark for item in found)
        now = self._clock()
        if only_marks and now - self._last_given < self._hold[self._idle]:
            self._held = {item.source: item for item in out}
            return []
        self._held = {item.source: item for item in out[limit:]}
        if out:
            self._last_given, self._idle = now, only_marks
        return out[:limit]

    # Listening

    def _listen(self) -> bool:
        """Look at the partition once; whether there is more in the stream to be read at once."""
        try:
            if not self._settled:
                self._settle()
            heard = self._partition.listen(self._cursor, self._page)
        except StreamUnavailable:
            self._answered = None
            raise
        if any(n < FINAL and heard.shipped.get(source, -1) < n for source, n in self._shipped.items()):
            # The stream is not what it was: wiped, rolled back, or asked for again. What lies in it now may have ids
            # below the cursor.
            log.info("stream.replaced", partition=self._partition.number)
            self._rewound()
            return True
        more = len(heard.page) >= self._page
        self._attend(listening=not heard.page)
        self._shipped = heard.shipped
        for source in heard.shipped:
            self._feed(source)
        taken = self._intake.take(heard.page, self._feed, self._attention)
        self._note(heard, taken)
        if not more and not taken.newer:
            self._find_lost(heard, taken)
        self._mend(heard, taken)
        return more and not taken.newer

    def _attend(self, *, listening: bool) -> None:
        self._listened = now = self._clock()
        if listening and self._answered is not None:
            self._attention.listened(now - self._answered)
        self._answered = now

    def _note(self, heard: Heard, taken: Taken) -> None:
        self._newer = taken.newer
        self._cursor = taken.cursor or self._cursor
        if self._owner:
            self._trim.passed(taken.entries)
            self._unread = max(heard.length - self._trim.length, 0)
        if heard.page:
            size = sum(len(fields.get(b"d", b"")) for _, fields in heard.page) / len(heard.page)
            self._page = round(min(max(PAGE_BYTES / max(size, 1), SHORTEST_PAGE), LONGEST_PAGE))

    def _find_lost(self, heard: Heard, taken: Taken) -> None:
        """The stream was read to its end: what had been shipped by then and was not in it is lost."""
        for source, number in heard.shipped.items():
            if number > self._feeds[source].head:
                taken.holes.setdefault(source, [])

    def _mend(self, heard: Heard, taken: Taken) -> None:
        """Ask for what was lost, and answer those who ask."""
        for identifier, fields in taken.spoilt:
            self._partition.set_aside(identifier, fields)
        for source, behind in taken.holes.items():
            number = self._feeds[source].head
            metrics.REWINDS.inc()
            log.warning(
                "stream.hole", partition=self._partition.number, source=source, beyond=number, behind=len(behind)
            )
            self._partition.rewind(source, number, behind)
        if self._owner and heard.asked:
            self._partition.settle({source: self._given.get(source, 0) for source in heard.asked})

    def _settle(self) -> None:
        """Say where SQL stands, so that shippers know it after a wipe and before the first commit."""
        open_ = {source: number for source, number in self._given.items() if number < FINAL}
        if self._owner:
            # Of a source that is done only a shipper that still has it needs to know, and asks.
            self._partition.settle(open_)
        for source in open_:
            self._feed(source)
        for source, seconds in self._partition.quiet().items():
            if seconds >= GONE:
                self._feed(source).moved = -math.inf
        self._settled = True

    def _feed(self, source: str) -> Feed:
        found = self._feeds.get(source)
        if found is None:
            found = self._feeds[source] = Feed(source, self._given.get(source, 0), self._attention.now)
        return found
