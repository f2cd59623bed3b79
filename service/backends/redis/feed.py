"""Feeds: what was read of each source and not yet given out, and their deterministic merge.

Items are ordered by the source's clock at them, then by source. A source's ends rise and so does its clock, so within
a source that is the order of its numbers; between sources it depends on what they hold and not on how their entries
came to lie in the stream. An item may be given out once nothing can come before it any more: when every source that
holds the others up has told a clock, or a place in the order of equal clocks, beyond it.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

from service.backends.spool import FINAL
from service.backends.spool.format import time_of
from service.model.query import Mark
from service.ports import Sourced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.backends.redis.entries import Entry, Item

Bound = tuple[int, str]
"""A clock and a source: a place in the order."""
NOWHERE: Bound = (2**63, "")


class Feed:
    """One source's items in order, contiguous from the position on."""

    __slots__ = ("_sizes", "bytes", "clock", "head", "items", "moved", "source")

    def __init__(self, source: str, position: int, now: float) -> None:
        self.source = source
        self.head = position
        """Number through which everything was taken or is here."""
        self.clock = 0
        """The newest that was heard of."""
        self.moved = now
        """When that was, in seconds during which the stream answered."""
        self.items: deque[Item] = deque()
        self.bytes = 0
        self._sizes: deque[tuple[int, int]] = deque()

    def hear(self, clock: int, now: float) -> None:
        """An entry of the source says how far its time has come."""
        if clock > self.clock:
            self.clock, self.moved = clock, now

    def put(self, entry: Entry, items: Sequence[Item]) -> None:
        """Take the part of an entry that is beyond the head, and the end of its range as a mark."""
        last = self.head
        if items and items[0][0] <= last:
            items = [item for item in items if item[0] > last]
        self.items.extend(items)
        if not items or items[-1][0] < entry.end:
            self.items.append((entry.end, entry.clock, Mark(entry.newest)))
        self.head = entry.end
        self.bytes += len(entry.sealed)
        self._sizes.append((entry.end, len(entry.sealed)))

    @property
    def entries(self) -> int:
        """How many entries these items came in."""
        return len(self._sizes)

    def oldest(self) -> int | None:
        """Time of the first record here that is no mark, None where there is none."""
        record = next((item[2] for item in self.items if type(item[2]) is not Mark), None)
        return None if record is None else time_of(record)

    def skip(self, position: int) -> None:
        """Drop what the position covers."""
        while self.items and self.items[0][0] <= position:
            self.items.popleft()
        self.head = max(self.head, position)
        self._weigh(position)

    def take(self, bound: Bound, limit: int, out: list[Sourced]) -> None:
        """Move items up to the bound to ``out``, until that has ``limit``; a mark with more behind it is left out."""
        items, source = self.items, self.source
        last = bound[0] if source <= bound[1] else bound[0] - 1
        taken = 0
        while items and items[0][1] <= last and len(out) < limit:
            number, _, record = items.popleft()
            taken = number
            if not (type(record) is Mark and items and items[0][1] <= last):
                out.append(Sourced(source, number, record))
        if taken:
            self._weigh(taken)

    def _weigh(self, position: int) -> None:
        while self._sizes and self._sizes[0][0] <= position:
            self.bytes -= self._sizes.popleft()[1]


def watermark(feeds: Iterable[Feed], *, now: float, silence: float) -> Bound:
    """The place up to which nothing more can come, as far as the sources say.

    One whose last word is here holds nothing up, nor one whose clock has stood still for ``silence`` seconds. One that
    was never heard of holds everything up until then.
    """
    holding = [feed for feed in feeds if feed.head < FINAL and now - feed.moved < silence]
    return min(((feed.clock, feed.source) for feed in holding), default=NOWHERE)


def merge(feeds: Iterable[Feed], bound: Bound, limit: int) -> list[Sourced]:
    """At most ``limit`` items up to the bound, in order."""
    out: list[Sourced] = []
    heap = [(feed.items[0][1], feed.source, feed) for feed in feeds if feed.items]
    heapq.heapify(heap)
    while heap and len(out) < limit and heap[0][:2] <= bound:
        feed = heap[0][2]
        # Up to the next source's first item; no two sources are equal, so the feeds are never compared.
        others = min((entry[:2] for entry in heap[1:3]), default=NOWHERE)
        feed.take(min(bound, others), limit, out)
        if feed.items:
            heapq.heapreplace(heap, (feed.items[0][1], feed.source, feed))
        else:
            heapq.heappop(heap)
    return out
