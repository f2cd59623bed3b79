"""The worker's process: spool or stream, dialects, scorer and store."""

from __future__ import annotations

import os
import secrets as random
import socket
from typing import TYPE_CHECKING

import msgspec
import structlog

from detectors.features import Extractor
from service import metrics
from service.backends.seal import AesSeal
from service.backends.spool import SpoolReader
from service.bootstrap.declarations import Declarations
from service.bootstrap.own import OwnBaseline
from service.bootstrap.scoring import Brain, baselines, scorer
from service.bootstrap.stores import secrets, stores, upgrade
from service.exposition import Watched, expose
from service.gateway.dialects import Dialects
from service.model.query import Start
from service.pipeline.entities import Warm
from service.pipeline.events import Room
from service.pipeline.lanes import LONGEST_PAUSE, SHORTEST_PAUSE, Lanes, Manner
from service.pipeline.worker import BATCH, Starts, Worker
from service.ports import StoreUnavailable
from service.scheduling import Leisure

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint, EventSource
    from service.settings import Settings

log = structlog.get_logger()

SHARED_BATCH = 4096
"""Records a commit where they come over the network to a database over the network: both trips are shared by more."""

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Start).decode


class Workers:
    """Makes workers that go on from the checkpoint; what loads slowly is loaded once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = f"{socket.gethostname()[:80]}:{os.getpid()}:{random.token_hex(4)}"
        """Unique among all workers that ever run."""
        self.stores = stores(settings)
        self._keys = secrets(settings)
        self._dialects = Dialects()
        self._starts = Starts(AesSeal(self._keys.spool_key), _ENCODE, _DECODE)
        self._extractor = Extractor(self._keys.digest_key) if settings.scoring.enabled else None
        self._own = OwnBaseline(settings, self.stores.baselines)
        self._baseline: int | None = None
        self._make_scorer: Callable[[Checkpoint], Scorer] | None = None
        self._warm = Warm()
        self._room = Room()
        self._declarations = Declarations(self.stores.registers.declarations)
        self._closing: dict[int, Callable[[], None]] = {}
        self._link = self.stores.link

    def __call__(self, partition: int = 0) -> Worker:
        """A worker for the partition, which is claimed by it. The one before it must not go on: its files are closed.

        Raises
        ------
        StoreUnavailable
            The database cannot let the partition be claimed now.

        """
        self._closing.pop(partition, lambda: None)()
        checkpoint = self.stores.checkpoint_of(partition)
        # First of all: whoever had it can commit nothing from here on, so what is read now is what counts.
        epoch = checkpoint.claim(self.name)
        metrics.EPOCH.labels(str(partition)).set(epoch)
        log.info("partition.claimed", partition=partition, epoch=epoch, owner=self.name)
        if self._extractor is not None and self._baseline != self.version():
            self._baseline = self.version()
            parts = Brain(self._extractor, baselines(self.settings, features=self._extractor.version))
            self._make_scorer = scorer(self.settings, parts, self._keys.digest_key, self._warm, self._declarations.of)
        source, ahead, closing = self._sources(partition)
        self._closing[partition] = closing
        return Worker(
            source=source,
            ahead=ahead,
            checkpoint=checkpoint,
            dialects=self._dialects,
            starts=self._starts,
            scorer=self._make_scorer(checkpoint) if self._make_scorer else None,
            max_lag=self.settings.scoring.max_lag,
            batch=SHARED_BATCH if self.settings.shared_stream else BATCH,
            number=partition,
            room=self._room,
            closing=closing,
        )

    def version(self) -> int:
        """A number that changes when the installation has learnt a baseline."""
        return self._own.changed() if self._extractor is not None else 0

    def _sources(self, partition: int) -> tuple[EventSource, EventSource, Callable[[], None]]:
        """Two readers of the partition's records, and what closes them."""
        key = self._keys.spool_key
        if self._link is not None:
            # Here, because an installation on one host needs no Redis.
            from service.backends.redis.source import StreamSource  # noqa: PLC0415

            ahead = StreamSource(self._link, partition, key, owner=False)
            return StreamSource(self._link, partition, key), ahead, lambda: None
        readers = [SpoolReader(self.settings.spool, key, retain=self.settings.log.retain) for _ in range(2)]

        def close() -> None:
            for reader in readers:
                reader.close()

        return readers[0], readers[1], close

    def lanes(self) -> tuple[Lanes, Callable[[], None]]:
        """The lanes of this process, and what ends its leases."""
        manner = Manner(version=self.version, leisurely=Leisure())
        if self._link is None:
            return Lanes(self, manner=manner), lambda: None
        from service.backends.redis.leases import RedisLeases  # noqa: PLC0415

        leases = RedisLeases(self._link, self.name, self.stores.partitions.ensure(self.settings.partitions))
        return Lanes(self, leases, manner), leases.close


def tend(workers: Workers, stop: threading.Event) -> None:
    """Tend what the leases give until ``stop``; show metrics and health where the settings say.

    A database that is not there yet is waited for, and its schema is made where it has none.
    """
    told: list[str | None] = ["the database was not reached yet"]
    held: list[Lanes] = []
    if workers.settings.metrics:
        watched = Watched(
            metrics=workers.settings.data / "metrics",
            trouble=lambda: held[0].trouble() if held else told[0],
            silence=lambda: held[0].silence() if held else 0.0,
        )
        expose(workers.settings.metrics, watched)
    begun = _begun(workers, stop, told)
    if begun is None:
        return
    lanes, ending = begun
    held.append(lanes)
    try:
        lanes.run(stop.is_set)
    finally:
        ending()
        workers.stores.close()


def _begun(workers: Workers, stop: threading.Event, told: list[str | None]) -> tuple[Lanes, Callable[[], None]] | None:
    """The lanes, once the database answers; None when told to stop before."""
    pause = SHORTEST_PAUSE
    while not stop.is_set():
        try:
            upgrade(workers.settings)
            return workers.lanes()
        except StoreUnavailable as error:
            told[0] = str(error)
            log.warning("store.unavailable", error=str(error), retry_in=pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    return None
