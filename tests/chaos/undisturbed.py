"""The measure of a disturbed run: the same records, in one order, through one worker over a store in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from detectors.features import Extractor
from service.backends.memory import MemoryCheckpoint
from service.backends.seal import AesSeal
from service.backends.spool import SpoolReader
from service.bootstrap.scoring import Brain, baselines, scorer
from service.bootstrap.stores import secrets
from service.gateway.dialects import Dialects
from service.model.query import End, Mark, Start
from service.pipeline.worker import Starts, Worker
from service.ports import Lag
from tests.chaos.left import Left, row, scored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from service.ports import Sourced
    from service.settings import Settings

MANY = 4096
"""Records read from a spool at once."""


class Merged:
    """``ports.EventSource`` over several gateways' records: each in its own order, all by their sources' clocks.

    A source's clock is the highest time of its records so far, and its ends rise, so the ends come in the order of
    completion, whichever gateway they were on.
    """

    def __init__(self, gateways: Iterable[Iterable[Sourced]]) -> None:
        self._items = sorted((item for records in gateways for item in _clocked(records)), key=lambda item: item[0])
        self._next = 0

    def read(self, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        """The next of them; the positions are this reader's own, since nobody goes back."""
        found = [item for _, item in self._items[self._next : self._next + limit]]
        self._next += len(found)
        assert all(item.sequence > after.get(item.source, 0) for item in found)
        return found

    def release(self, covered: Mapping[str, int]) -> None:
        """Nothing is deleted: others read it too."""

    def lag(self, after: Mapping[str, int]) -> Lag:  # noqa: ARG002 - never behind
        """None."""
        return Lag(0, None)

    def damage(self) -> Sequence[tuple[str, int]]:
        """None."""
        return ()


def undisturbed(settings: Settings, gateways: Iterable[Iterable[Sourced]]) -> Left:
    """What is left when the gateways' records are taken in peace."""
    keys = secrets(settings)
    checkpoint = MemoryCheckpoint(keep_events=True, trail_days=settings.retention.trail)
    checkpoint.claim("undisturbed")
    extractor = Extractor(keys.digest_key)
    parts = Brain(extractor, baselines(settings, features=extractor.version))
    worker = Worker(
        source=Merged(gateways),
        ahead=Merged(()),
        checkpoint=checkpoint,
        dialects=Dialects(),
        starts=Starts(AesSeal(keys.spool_key), msgspec.msgpack.encode, msgspec.msgpack.Decoder(Start).decode),
        scorer=scorer(settings, parts, keys.digest_key)(checkpoint),
        max_lag=settings.scoring.max_lag,
    )
    while worker.step():
        pass
    return Left(
        log=dict(map(row, checkpoint.events.values())),
        entities=dict(checkpoint.states),
        scores=dict(map(scored, checkpoint.evaluations)),
        flags={flag.id for flag in checkpoint.flags},
    )


def _clocked(records: Iterable[Sourced]) -> Iterator[tuple[tuple[int, str, int], Sourced]]:
    clocks: dict[str, int] = {}
    for item in records:
        record = item.record
        if isinstance(record, Start | End | Mark):
            clocks[item.source] = max(clocks.get(item.source, 0), record.at)
        yield (clocks.get(item.source, 0), item.source, item.sequence), item


def spooled(spool: Path, key: bytes) -> Iterator[Sourced]:
    """Every record of a spool, as far as ``log.retain`` kept its files."""
    reader = SpoolReader(spool, key)
    positions: dict[str, int] = {}
    while found := reader.read(positions, MANY):
        yield from found
        positions |= {item.source: item.sequence for item in found}
    reader.close()
