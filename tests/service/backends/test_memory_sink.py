"""The sink in memory."""

from __future__ import annotations

from service.backends.memory_sink import MemorySink
from tests.service.backends.spool.factories import a_start, an_end


async def test_it_keeps_what_it_is_given() -> None:
    """Every record is acknowledged at once and kept in order."""
    sink = MemorySink()
    assert await sink.append(a_start())
    assert await sink.append(an_end())
    await sink.close()
    assert sink.records == [a_start(), an_end()]
    assert sink.closed
