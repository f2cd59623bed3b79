"""The worker's process: spool, dialects, scorer and store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from service.backends.seal import AesSeal
from service.backends.spool import SpoolReader
from service.bootstrap.scoring import brain, scorer
from service.bootstrap.stores import secrets, stores
from service.gateway.dialects import Dialects
from service.model.query import Start
from service.pipeline.worker import Starts, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.settings import Settings

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Start).decode


def worker(settings: Settings) -> Callable[[], Worker]:
    """Builds a worker that goes on from the checkpoint; features and baseline are loaded once."""
    keys = secrets(settings)
    make_scorer = None
    if settings.scoring.enabled:
        make_scorer = scorer(settings, brain(settings, keys.digest_key), keys.digest_key)
    checkpoint = stores(settings).checkpoint
    dialects = Dialects()
    starts = Starts(AesSeal(keys.spool_key), _ENCODE, _DECODE)

    def make() -> Worker:
        return Worker(
            source=SpoolReader(settings.spool, keys.spool_key, retain=settings.log.retain),
            ahead=SpoolReader(settings.spool, keys.spool_key, retain=settings.log.retain),
            checkpoint=checkpoint,
            dialects=dialects,
            starts=starts,
            scorer=make_scorer(checkpoint) if make_scorer else None,
            max_lag=settings.scoring.max_lag,
        )

    return make
