"""Cutting: from a stretch of a boot to one entry, or several, for each partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.redis.entries import ENTRY_BYTES, ENTRY_RECORDS, Entry
from service.backends.spool import Times
from service.backends.spool.format import weight
from service.model.ids import partition_of
from service.model.query import End, Gap, Mark, Start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.backends.redis.entries import Item
    from service.backends.spool import Tail

GAPS = 0
"""Partition of records about a source as a whole."""


@dataclass(frozen=True, slots=True)
class Cut:
    """An entry and what is to be sealed into it."""

    partition: int
    entry: Entry
    items: Sequence[Item]


class Cutter:
    """Cuts one stretch. ``floors`` are the numbers from which on each partition wants records; None wants none."""

    def __init__(self, source: str, starts: Sequence[int | None], floors: Sequence[int | None], times: Times) -> None:
        self._source = source
        self._starts = list(starts)
        self._floors = floors
        self._items: list[list[Item]] = [[] for _ in floors]
        self._bytes = [0] * len(floors)
        self._clock, self._newest = times.clock, times.newest
        self.anchor = 0
        """Number of the last end or mark, which is later than all before it."""
        self.cuts: list[Cut] = []

    @property
    def times(self) -> Times:
        """Clock and newest end at the end of what was cut."""
        return Times(self._clock, self._newest)

    def put(self, partition: int, number: int, gap: Gap) -> None:
        """Begin a partition's stretch with what is missing before it."""
        self._items[partition].append((number, self._clock, gap))

    def cut(self, tail: Tail) -> None:
        """Take the records of a stretch in."""
        partitions, floors = len(self._floors), self._floors
        for item in tail.records:
            record, number = item.record, item.sequence
            if isinstance(record, Mark):
                self._clock, self.anchor = record.at, number
                continue
            if isinstance(record, End):
                self._clock = self._newest = record.at
                self.anchor = number
            elif isinstance(record, Start):
                self._clock = max(self._clock, record.at)
            partition = GAPS if isinstance(record, Gap) else partition_of(record.id, partitions)
            floor = floors[partition]
            if floor is not None and number > floor:
                self._take(partition, number, (number, self._clock, record), weight(record))

    def close(self, through: int, wanted: Sequence[bool]) -> None:
        """End the stretch: entries for what is left, and empty ones for partitions that are ``wanted`` to move."""
        for partition, start in enumerate(self._starts):
            if start is not None and through > start and (self._items[partition] or wanted[partition]):
                self._flush(partition, through)

    def _take(self, partition: int, number: int, item: Item, size: int) -> None:
        self._items[partition].append(item)
        self._bytes[partition] += size
        if len(self._items[partition]) >= ENTRY_RECORDS or self._bytes[partition] >= ENTRY_BYTES:
            self._flush(partition, number)

    def _flush(self, partition: int, end: int) -> None:
        items, start = self._items[partition], self._starts[partition]
        if start is None:
            return
        entry = Entry(
            source=self._source,
            start=start,
            end=end,
            clock=self._clock,
            newest=self._newest,
            count=len(items),
        )
        self.cuts.append(Cut(partition, entry, items))
        self._starts[partition], self._items[partition], self._bytes[partition] = end, [], 0
