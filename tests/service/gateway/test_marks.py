from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.gateway import marks as module
from service.gateway.clock import Clock
from service.gateway.record import Recorder
from service.gateway.tally import Tally
from service.model.query import Mark, Record
from service.settings import Settings

if TYPE_CHECKING:
    import pytest


class Sink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.enough = asyncio.Event()

    async def append(self, record: Record) -> bool:
        self.records.append(record)
        if len(self.records) == 3:
            self.enough.set()
        return True

    async def close(self) -> None:
        pass


async def test_a_mark_is_earlier_than_whatever_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks go the way of every record, each with the clock's time at that moment."""
    monkeypatch.setattr(module, "PERIOD", 0.0)
    sink, clock = Sink(), Clock()
    writing = asyncio.ensure_future(module.marks(Recorder(sink, Settings().log, Tally()), clock))
    await sink.enough.wait()
    writing.cancel()
    seen = sink.records[:3]
    times = [record.at for record in seen if isinstance(record, Mark)]
    assert len(times) == 3
    assert times == sorted(set(times))
    assert times[-1] < clock.now()
