"""Join: a start and its end become one query; a start without an end becomes ``unknown``."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from service.model.query import End, Gap, Mark, Outcome, Start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.ports import Sourced

PATIENCE = 600_000_000
"""Microseconds of stream time after which a start without an end counts as unknown."""
SLACK = 1024
"""Queries that ended and may still be in the queue of deadlines before it is cleared of them."""


class Joined(msgspec.Struct, frozen=True):
    """A whole query, and the place of the record that completed it."""

    start: Start
    end: End
    source: str
    sequence: int


@dataclass(slots=True)
class Joiner:
    """Queries begun and not ended, and the stream's time.

    Joined queries come out in order of completion: a query that timed out is given out before the
    first record beyond its patience. A mark moves the time as any record does, and is no query.
    ``opened`` and ``closed`` gather what changed since :meth:`drain`.
    """

    open: dict[bytes, Start] = field(default_factory=dict)
    time: int = 0
    opened: dict[bytes, Start] = field(default_factory=dict)
    closed: list[bytes] = field(default_factory=list)
    orphans: int = 0
    """Ends without a start: it was not logged, or it had timed out before."""
    gaps: list[tuple[str, Gap]] = field(default_factory=list)
    _waiting: list[tuple[int, bytes]] = field(init=False)
    """A heap of arrivals. A body that comes in slowly is logged behind requests that arrived after it."""

    def __post_init__(self) -> None:
        self._await()

    def feed(self, records: Sequence[Sourced]) -> Iterator[Joined]:
        """The queries that these records complete."""
        for item in records:
            record = item.record
            if isinstance(record, Gap):
                self.gaps.append((item.source, record))
                continue
            if record.at > self.time:
                self.time = record.at
                yield from self._timed_out(item)
            if isinstance(record, Mark):
                continue
            if isinstance(record, Start):
                self.open[record.id] = self.opened[record.id] = record
                heapq.heappush(self._waiting, (record.at, record.id))
                continue
            start = self._close(record.id)
            if start is None:
                self.orphans += 1
            else:
                yield Joined(start, record, item.source, item.sequence)

    def drain(self) -> tuple[dict[bytes, Start], list[bytes]]:
        """What was opened and is still open, and what was closed that an earlier drain gave out as open."""
        opened, closed = self.opened, self.closed
        self.opened, self.closed = {}, []
        return opened, closed

    def copy(self) -> Joiner:
        """A joiner that goes on from here by itself."""
        return Joiner(open=dict(self.open), time=self.time)

    def _close(self, event: bytes) -> Start | None:
        start = self.open.pop(event, None)
        if start is not None and self.opened.pop(event, None) is None:
            self.closed.append(event)
        if len(self._waiting) > 2 * len(self.open) + SLACK:
            self._await()
        return start

    def _await(self) -> None:
        self._waiting = [(start.at, start.id) for start in self.open.values()]
        heapq.heapify(self._waiting)

    def _timed_out(self, item: Sourced) -> Iterator[Joined]:
        while self._waiting and self._waiting[0][0] + PATIENCE < self.time:
            _, event = heapq.heappop(self._waiting)
            start = self._close(event)
            if start is not None:
                yield Joined(start, _unknown(start), item.source, item.sequence)


def _unknown(start: Start) -> End:
    return End(
        id=start.id, at=start.at + PATIENCE, status=0, outcome=Outcome.UNKNOWN, ttft=-1, encoding="", content_type="",
        body=b"", size=0, full=False,
    )  # fmt: skip
