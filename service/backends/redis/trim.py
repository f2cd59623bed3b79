"""Trim: what a checkpoint covers is told to the shippers and goes from the stream."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import structlog

from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from service.backends.redis.partition import Partition

log = structlog.get_logger(__name__)

EVERY = 0.25
"""Seconds between two releases."""


class Trim:
    """The entries that were read and lie in the stream still, in its order.

    Only a prefix that is covered wholly goes, by the id of the first entry behind it and never by a length: so what
    was not read yet stays, however much of it there is.
    """

    def __init__(self, partition: Partition, clock: Callable[[], float]) -> None:
        self._partition = partition
        self._clock = clock
        self._entries: deque[tuple[bytes, str, int]] = deque()
        self._covered: dict[str, int] = {}
        self._untold: dict[str, int] = {}
        self._oldest: str | None = None
        self._last = clock()

    @property
    def length(self) -> int:
        """Entries read and not covered."""
        return len(self._entries)

    def passed(self, entries: Iterable[tuple[bytes, str, int]]) -> None:
        """These were read, next in order: id, source and end of the range."""
        self._entries.extend(entries)

    def forget(self) -> None:
        """The stream is read from its beginning again."""
        self._entries.clear()
        self._oldest = None

    def cover(self, covered: Mapping[str, int]) -> None:
        """A checkpoint covers these positions."""
        changed = {source: number for source, number in covered.items() if number > self._covered.get(source, 0)}
        self._covered |= changed
        self._untold |= changed
        self.flush()

    def flush(self) -> None:
        """Tell what is untold, when it is time for it."""
        if not self._untold or self._clock() - self._last < EVERY:
            return
        self._last = self._clock()
        self._pop()
        try:
            self._partition.cover(self._untold, self._oldest)
        except StreamUnavailable as error:
            log.info("stream.not_trimmed", partition=self._partition.number, reason=str(error))
            return
        self._untold, self._oldest = {}, None

    def _pop(self) -> None:
        last = b""
        while self._entries and self._entries[0][2] <= self._covered.get(self._entries[0][1], 0):
            last = self._entries.popleft()[0]
        if last:
            self._oldest = self._entries[0][0].decode() if self._entries else _after(last)


def _after(identifier: bytes) -> str:
    milliseconds, number = identifier.decode().split("-")
    return f"{milliseconds}-{int(number) + 1}"
