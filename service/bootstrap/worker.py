"""The worker's process: spool, dialects, scorer and store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from detectors.features import Extractor
from service.backends.seal import AesSeal
from service.backends.spool import SpoolReader
from service.bootstrap.scoring import Brain, baselines, scorer
from service.bootstrap.stores import secrets, stores
from service.gateway.dialects import Dialects
from service.model.query import Start
from service.pipeline.worker import Starts, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint
    from service.settings import Settings

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Start).decode


class Workers:
    """Makes workers that go on from the checkpoint; what loads slowly is loaded once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = secrets(settings)
        self._checkpoint = stores(settings).checkpoint
        self._dialects = Dialects()
        self._starts = Starts(AesSeal(self._keys.spool_key), _ENCODE, _DECODE)
        self._extractor = Extractor(self._keys.digest_key) if settings.scoring.enabled else None
        self._baseline = -1
        self._make_scorer: Callable[[Checkpoint], Scorer] | None = None
        self._readers: list[SpoolReader] = []

    def __call__(self, partition: int = 0) -> Worker:
        """A worker. The one before it must not go on: its files are closed."""
        while self._readers:
            self._readers.pop().close()
        if self._extractor is not None and self.stale():
            self._baseline = self._learnt()
            parts = Brain(self._extractor, baselines(self._settings, features=self._extractor.version))
            self._make_scorer = scorer(self._settings, parts, self._keys.digest_key)
        return Worker(
            source=self._reader(),
            ahead=self._reader(),
            checkpoint=self._checkpoint,
            dialects=self._dialects,
            starts=self._starts,
            scorer=self._make_scorer(self._checkpoint) if self._make_scorer else None,
            max_lag=self._settings.scoring.max_lag,
            number=partition,
        )

    def stale(self) -> bool:
        """Whether the installation learnt a baseline since the last worker was made."""
        return self._extractor is not None and self._baseline != self._learnt()

    def _learnt(self) -> int:
        try:
            return self._settings.own_baseline.stat().st_mtime_ns
        except OSError:
            return 0

    def _reader(self) -> SpoolReader:
        reader = SpoolReader(self._settings.spool, self._keys.spool_key, retain=self._settings.log.retain)
        self._readers.append(reader)
        return reader
