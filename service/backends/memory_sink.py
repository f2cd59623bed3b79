"""A sink that keeps its records in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.model.query import Record


class MemorySink:
    """An ``EventSink`` for tests and for commands that log nothing: every record is at once in ``records``."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.closed = False

    def append(self, record: Record) -> asyncio.Future[bool]:
        """Keep the record; True, at once."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.records.append(record)
        future.set_result(True)
        return future

    async def close(self) -> None:
        """Remember that it was called."""
        self.closed = True
