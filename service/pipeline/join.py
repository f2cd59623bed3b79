"""Join: a start and its end become one query; a start without an end becomes ``unknown``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.model.query import End, Gap, Outcome, Start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.ports import Sourced

PATIENCE = 600_000_000
"""Microseconds of stream time after which a start without an end counts as unknown."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A whole query, and the place of the record that completed it."""

    start: Start
    end: End
    source: str
    sequence: int


@dataclass(slots=True)
class Joiner:
    """Queries begun and not ended, and the stream's time.

    Joined queries come out in order of completion: a query that timed out is given out before the
    first record beyond its patience. ``opened`` and ``closed`` gather what changed since :meth:`drain`.
    """

    open: dict[bytes, Start] = field(default_factory=dict)
    time: int = 0
    opened: dict[bytes, Start] = field(default_factory=dict)
    closed: list[bytes] = field(default_factory=list)
    orphans: int = 0
    """Ends without a start: it was not logged, or it had timed out before."""
    gaps: list[tuple[str, Gap]] = field(default_factory=list)

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
            if isinstance(record, Start):
                self.open[record.id] = self.opened[record.id] = record
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
        return start

    def _timed_out(self, item: Sourced) -> Iterator[Joined]:
        # Starts are kept in order of arrival, so the oldest is first and one look is enough as a rule.
        while self.open:
            start = next(iter(self.open.values()))
            if start.at + PATIENCE >= self.time:
                return
            self._close(start.id)
            yield Joined(start, _unknown(start), item.source, item.sequence)


def _unknown(start: Start) -> End:
    return End(
        id=start.id, at=start.at + PATIENCE, status=0, outcome=Outcome.UNKNOWN, ttft=-1, encoding="", content_type="",
        body=b"", size=0, full=False,
    )  # fmt: skip
