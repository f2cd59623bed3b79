"""How far the way from the gateways to the log is, joined from whoever knows a part of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from service.backends.spool import SpoolReader
from service.bootstrap.stores import secrets
from service.ports import PartitionStatus, StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.backends.redis.client import Link
    from service.backends.sql.partitions import SqlPartitions
    from service.bootstrap.stores import Stores
    from service.ports import Ingest
    from service.settings import Settings


def ingest(settings: Settings, held: Stores) -> Ingest:
    """The port, for this kind of stream."""
    if held.link is not None:
        return SharedIngest(held.partitions, held.link)
    return SpoolIngest(settings, held)


class SharedIngest:
    """``ports.Ingest`` of a shared stream: owner and epoch from SQL, what waits from Redis."""

    def __init__(self, known: SqlPartitions, link: Link) -> None:
        self._known = known
        self._link = link

    def partitions(self) -> Sequence[PartitionStatus]:
        """Every partition; its owner is empty where nobody holds its lease. Raises StoreUnavailable.

        While the stream is down it is what the database knows.
        """
        from service.backends.redis.status import backlogs  # noqa: PLC0415 - no Redis on one host

        known = self._known.all()
        try:
            waiting = backlogs(self._link, [held.number for held in known])
        except StreamUnavailable:
            return [PartitionStatus(held.number, held.owner, held.epoch, 0, 0.0, 0, heard=False) for held in known]
        return [
            PartitionStatus(held.number, backlog.owner, held.epoch, backlog.entries, backlog.oldest, backlog.bytes)
            for held, backlog in zip(known, waiting, strict=True)
        ]


class SpoolIngest:
    """``ports.Ingest`` of an installation on one host: its one partition is the spool."""

    def __init__(self, settings: Settings, held: Stores) -> None:
        self._settings = settings
        self._held = held

    def partitions(self) -> Sequence[PartitionStatus]:
        """The one. Raises StoreUnavailable."""
        known = self._held.partitions.all()
        positions = self._held.partitions.positions(0)
        reader = SpoolReader(self._settings.spool, secrets(self._settings).spool_key)
        try:
            lag = reader.lag(positions)
        finally:
            reader.close()
        age = max(0.0, time.time() - lag.oldest / 1e6) if lag.oldest else 0.0
        owner, epoch = (known[0].owner, known[0].epoch) if known else ("", 0)
        return [PartitionStatus(0, owner, epoch, 0, age, lag.bytes)]
