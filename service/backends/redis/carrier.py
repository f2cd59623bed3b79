"""Carrier: brings one boot's records into the partitions, one stretch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.backends.redis.cutting import Cut, Cutter
from service.backends.redis.entries import Entry, Sealer, append
from service.backends.spool import FINAL
from service.backends.spool.format import time_of
from service.model.query import Gap
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.backends.redis.backoff import Backoff
    from service.backends.redis.client import Link
    from service.backends.redis.route import Missing, Route
    from service.backends.spool import SpoolTail, Tail

log = structlog.get_logger(__name__)

STRETCH = 1024
"""Records read at once."""
PIPELINE = 4 * 1024 * 1024
"""Bytes sent to Redis at once, about."""
EMPTY = 0.25
"""Seconds after which a partition without records is told how far the source has come."""


class Carrier:
    """Reads, cuts, seals and appends. What is refused or lost is read again, from where Redis says."""

    def __init__(self, link: Link, spool: SpoolTail, spool_key: bytes, *, backoff: Backoff) -> None:
        self._link = link
        self._spool = spool
        self._sealer = Sealer(spool_key)
        self._backoff = backoff
        self.trouble: StreamUnavailable | None = None
        """The latest reason why something could not be appended, None once everything is."""

    def carry(self, routes: Sequence[Route], now: float) -> bool:
        """Bring what the boots, oldest first, have on its way; whether there is more of it at once.

        A boot is announced in a partition before anything of it or of an older one goes there. So whoever reads that
        an older one has ended knows of the newer one by then.
        """
        for route in routes:
            self._announce(route, now)
        more = False
        for index, route in enumerate(routes):
            known = [all(each) for each in zip(*(newer.announced for newer in routes[index:]), strict=True)]
            more = self._carry(route, known, now) or more
        return more

    def _announce(self, route: Route, now: float) -> None:
        """An entry over nothing, where the partition does not have the boot."""
        entry = Entry(source=route.source, start=0, end=0, clock=0, newest=0, count=0)
        due = [p for p, at in enumerate(route.at) if at == 0 and not route.announced[p] and self._backoff.ready(p, now)]
        if due:
            self._append(route, [Cut(partition, entry, ()) for partition in due], now)

    def _carry(self, route: Route, known: Sequence[bool], now: float) -> bool:
        ready = [is_known and self._backoff.ready(partition, now) for partition, is_known in enumerate(known)]
        indices = [partition for partition, is_ready in enumerate(ready) if is_ready]
        more = False
        for cursor in reversed(route.cursors(indices)):
            more = self._stretch(route, cursor, ready, now) or more
        return more

    def _stretch(self, route: Route, cursor: int, ready: Sequence[bool], now: float) -> bool:
        """Bring one stretch beyond the cursor; whether it was a long one and arrived."""
        times = route.times(cursor) or self._spool.times(route.source, cursor)
        tail = self._spool.tail(route.source, cursor, STRETCH)
        starts = [at if ready[p] and route.read[p] >= cursor else None for p, at in enumerate(route.at)]
        cutter = Cutter(
            route.source, starts, [None if s is None else route.read[p] for p, s in enumerate(starts)], times
        )
        missing = route.missing(self._spool.first(route.source), [p for p, s in enumerate(starts) if s is not None])
        if missing:
            cutter.put(missing.partition, missing.high, _gap(route, tail, missing))
        cutter.cut(tail)
        through = max(tail.through, missing.high) if missing else tail.through
        due = [through == FINAL or now - sent >= EMPTY for sent in route.sent]
        cutter.close(through, due)
        route.remember(through, cutter.times, cutter.anchor)
        for partition, start in enumerate(starts):
            if start is not None:
                route.read[partition] = max(route.read[partition], through)
        refused = self._append(route, cutter.cuts, now)
        if missing and missing.partition not in refused:
            route.tell(missing)
        long = len(tail.records) >= STRETCH
        route.oldest = time_of(tail.records[0].record) if tail.records and (refused or long) else 0
        return long and not refused

    def _append(self, route: Route, cuts: Sequence[Cut], now: float) -> set[int]:
        """Append the entries; partitions that did not take all of theirs."""
        refused: set[int] = set()
        batch: list[tuple[Cut, bytes]] = []
        size = 0
        for cut in cuts:
            sealed = self._sealer.seal(cut.partition, cut.entry, cut.items)
            batch.append((cut, sealed))
            size += len(sealed)
            if size >= PIPELINE:
                self._send(route, batch, refused, now)
                batch, size = [], 0
        self._send(route, batch, refused, now)
        for partition in refused:
            route.again(partition)
        return refused

    def _send(self, route: Route, batch: Sequence[tuple[Cut, bytes]], refused: set[int], now: float) -> None:
        commands = [append(cut.partition, cut.entry, sealed) for cut, sealed in batch]
        for (cut, sealed), answer in zip(batch, self._link.run(commands), strict=True):
            partition = cut.partition
            if isinstance(answer, StreamUnavailable):
                self._failed(partition, answer, now)
                refused.add(partition)
                continue
            self._backoff.answered(partition)
            status, last = answer
            route.announced[partition] = status != b"unknown"
            if status == b"ok":
                self._arrived(route, cut, len(sealed), now)
            else:
                refused.add(partition)
                route.stand(partition, int(last) if last else None)

    def _arrived(self, route: Route, cut: Cut, size: int, now: float) -> None:
        partition, entry = cut.partition, cut.entry
        route.at[partition], route.sent[partition] = entry.end, now
        (metrics.RESHIPPED if entry.start < route.peak[partition] else metrics.SHIPPED).inc(entry.count)
        metrics.SHIPPED_BYTES.inc(size)
        route.peak[partition] = max(route.peak[partition], entry.end)

    def _failed(self, partition: int, error: StreamUnavailable, now: float) -> None:
        if self.trouble is None or str(self.trouble) != str(error):
            log.warning("shipper.waits", partition=partition, reason=str(error))
        self.trouble = error
        self._backoff.failed(partition, now)


def _gap(route: Route, tail: Tail, missing: Missing) -> Gap:
    """Told from the boot's beginning, which its name says, to the first record that is left."""
    begun = int(route.source) // 1000
    last = time_of(tail.records[0].record) if tail.records else begun
    log.error(
        "shipper.missing", source=route.source, beyond=missing.low, through=missing.high, records=missing.count,
        reason="a worker asked for records that the spool has no more",
    )  # fmt: skip
    return Gap(min(begun, last), last, 0, 0, missing.count)
