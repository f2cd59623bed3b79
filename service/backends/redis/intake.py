"""Intake: from a stretch of the stream to the sources' feeds. Here it shows what was lost, repeated or spoilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from service import metrics
from service.backends.redis.entries import VERSION, EntryError, Sealer, parse
from service.model.query import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.backends.redis.attention import Attention
    from service.backends.redis.entries import Entry, Item
    from service.backends.redis.feed import Feed
    from service.backends.redis.partition import Page

log = structlog.get_logger(__name__)

SPOILT = 1024
"""Ranges remembered as unreadable."""


@dataclass(slots=True)
class Taken:
    """What became of a stretch of the stream."""

    entries: list[tuple[bytes, str, int]] = field(default_factory=list)
    """Id, source and end of each entry whose records are in the feeds, or were taken before."""
    holes: dict[str, list[bytes]] = field(default_factory=dict)
    """Source -> ids of entries behind a hole in its numbers: the records up to them are not in the stream."""
    spoilt: list[tuple[bytes, Mapping[bytes, Any]]] = field(default_factory=list)
    """Entries that cannot be read."""
    cursor: bytes | None = None
    """Id of the last entry looked at, None where there was none."""
    newer: bool = False
    """Whether the next entry is of a version that this one does not know."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it lies in the stream."""

    identifier: bytes
    fields: Mapping[bytes, Any]
    entry: Entry


class Intake:
    """Opens entries and puts them into feeds."""

    def __init__(self, partition: int, spool_key: bytes) -> None:
        self._number = partition
        self._sealer = Sealer(spool_key)
        self._spoilt: dict[tuple[str, int], None] = {}
        """Ranges that could not be read once, by source and start."""
        self._damage: list[tuple[str, int]] = []

    def take(self, page: Page, feed_of: Callable[[str], Feed], attention: Attention) -> Taken:
        """Put what the page holds into the feeds."""
        taken = Taken()
        for identifier, fields in page:
            try:
                entry = parse(fields)
            except EntryError:
                self._set_aside(taken, identifier, fields, source="")
            else:
                if entry.version > VERSION:
                    log.warning("stream.newer", partition=self._number, version=entry.version, known=VERSION)
                    taken.newer = True
                    return taken
                attention.entry(identifier)
                self._one(taken, Found(identifier, fields, entry), feed_of(entry.source), attention.now)
            taken.cursor = identifier
        return taken

    def damage(self) -> Sequence[tuple[str, int]]:
        """Sources whose entries were set aside, with their bytes, since the last call."""
        damage, self._damage = self._damage, []
        return damage

    def _one(self, taken: Taken, found: Found, feed: Feed, now: float) -> None:
        entry = found.entry
        if entry.start > feed.head:
            taken.holes.setdefault(entry.source, []).append(found.identifier)
            return
        if entry.end <= feed.head:
            # Covered or in the feed already. Its clock still tells a new owner how far the source has come.
            metrics.DUPLICATES.inc(entry.count)
            feed.hear(entry.clock, now)
            taken.entries.append((found.identifier, entry.source, entry.end))
            return
        try:
            items = self._sealer.open(self._number, entry)
        except EntryError as error:
            if not self._given_up(taken, found, error):
                return
            items = [_lost(entry, feed)]
        feed.hear(entry.clock, now)
        feed.put(entry, items)
        taken.entries.append((found.identifier, entry.source, entry.end))

    def _given_up(self, taken: Taken, found: Found, error: EntryError) -> bool:
        """Whether the range was unreadable before and is given up; else it is asked for again."""
        entry = found.entry
        log.error("stream.unreadable", partition=self._number, source=entry.source, end=entry.end, reason=str(error))
        self._set_aside(taken, found.identifier, found.fields, source=entry.source)
        place = entry.source, entry.start
        if place in self._spoilt:
            return True
        if len(self._spoilt) >= SPOILT:
            self._spoilt.pop(next(iter(self._spoilt)))
        self._spoilt[place] = None
        taken.holes.setdefault(entry.source, [])
        return False

    def _set_aside(self, taken: Taken, identifier: bytes, fields: Mapping[bytes, Any], *, source: str) -> None:
        taken.spoilt.append((identifier, fields))
        self._damage.append((source, sum(map(len, fields.values()))))
        metrics.SET_ASIDE.inc()


def _lost(entry: Entry, feed: Feed) -> Item:
    """In the place of records that came unreadable twice: how many they are said to be."""
    return entry.end, feed.clock, Gap(feed.clock, feed.clock, 0, 0, max(entry.count, 0))
