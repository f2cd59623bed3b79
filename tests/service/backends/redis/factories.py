"""A gateway's host with its spool and shipper, and records for any partition, each with defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from service.backends.redis.shipper import Shipper
from service.model.ids import SHARDS, event_id, stamped
from service.model.query import End, Mark, Start
from service.settings import Settings
from tests.service.backends.spool.factories import KEY, SEGMENT, ABoot, an_end
from tests.service.backends.spool.factories import a_start as a_plain_start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.backends.redis.client import Link
    from service.backends.redis.source import StreamSource
    from service.model.query import Record
    from service.ports import EventSource, Sourced

T0 = 1_790_000_000_000_000
"""A Sunday in September 2026, in microseconds."""


def a_start(at: int, *, partition: int = 0, partitions: int = 1, body: bytes = b"{}") -> Start:
    """A start whose id belongs to the partition."""
    shard = -(-partition * SHARDS // partitions)
    return msgspec.structs.replace(a_plain_start(1, body=body), id=stamped(event_id(at), shard), at=at)


def an_end_of(start: Start, at: int) -> End:
    """The end of a start."""
    return msgspec.structs.replace(an_end(1), id=start.id, at=at)


def queries(count: int, *, begin: int = T0, partitions: int = 1, step: int = 1000) -> list[Record]:
    """So many queries one after the other, round the partitions."""
    records: list[Record] = []
    for number in range(count):
        start = a_start(begin + number * step, partition=number % partitions, partitions=partitions)
        records += [start, an_end_of(start, begin + number * step + step // 2)]
    return records


class AHost:
    """A gateway's host: one boot at a time, and a shipper that is stepped by hand."""

    def __init__(self, data: Path, link: Link, *, segment: int = SEGMENT, retain: float = 0.0) -> None:
        self.settings = Settings.model_validate({"data": data, "log": {"retain": retain}})
        self._link = link
        self._segment = segment
        self.boot = ABoot.begin(self.settings.spool, segment=segment)
        self.names = [self.boot.name]
        """Every boot there was."""
        self.alive = True
        self.shipper = Shipper(link, self.settings, spool_key=KEY)

    def write(self, *records: Record) -> None:
        """The gateway logs them."""
        assert all(self.boot.journal.commit(records))

    def mark(self, at: int) -> None:
        """The gateway says how far its time has come."""
        self.write(Mark(at))

    def restart(self) -> None:
        """The gateway is killed and starts again."""
        self.kill()
        self.boot, self.alive = ABoot.begin(self.settings.spool, segment=self._segment), True
        self.names.append(self.boot.name)

    def kill(self) -> None:
        """The gateway is killed, and that is to be seen at once."""
        if self.alive:
            self.boot.kill()
        self.alive = False
        self.shipper._spool._looked = float("-inf")

    def restart_shipper(self) -> None:
        """The shipper is killed and starts again."""
        self.shipper.close()
        self.shipper = Shipper(self._link, self.settings, spool_key=KEY)

    def shipper_of(self, link: Link) -> Shipper:
        """One more shipper of the same spool."""
        return Shipper(link, self.settings, spool_key=KEY)

    def ship(self) -> None:
        """Let the shipper do all that is due now, a look at the partitions and at empty ranges among it."""
        self.shipper._looked = float("-inf")
        for route in self.shipper._routes.values():
            route.sent = [float("-inf")] * len(route.sent)
        while self.shipper.step() == 0.0:
            pass

    def close(self) -> None:
        """End both."""
        self.kill()
        self.shipper.close()


class AReader:
    """A worker's way with a source: it takes batches and keeps positions."""

    def __init__(self, source: EventSource) -> None:
        self.source = source
        self.positions: dict[str, int] = {}
        self.taken: list[Sourced] = []

    def take(self, limit: int = 1000) -> int:
        """One batch, checked for order; how many items it had."""
        batch = self.source.read(self.positions, limit)
        for item in batch:
            assert item.sequence > self.positions.get(item.source, 0)
            self.positions[item.source] = item.sequence
        self.taken.extend(batch)
        return len(batch)

    def drain(self, limit: int = 1000) -> list[Record]:
        """Batches until none comes; the records of all that were taken so far, without marks."""
        while self.take(limit):
            pass
        return self.records

    @property
    def records(self) -> list[Record]:
        """Without marks."""
        return [item.record for item in self.taken if not isinstance(item.record, Mark)]

    def release(self) -> None:
        """A checkpoint covers what was taken."""
        self.source.release(self.positions)


def flushed(source: StreamSource) -> None:
    """Let the source tell what is covered at once."""
    source._trim._last = float("-inf")
    source._trim.flush()


def in_order(records: Sequence[Record]) -> list[bytes]:
    """Ids, to compare by."""
    return [record.id for record in records if isinstance(record, Start | End)]
