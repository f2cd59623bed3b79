"""Server-sent events, read as they come.

WHATWG HTML, section 9.2.6: lines end in LF, CR or CRLF, an empty line ends an event, several
``data`` lines are joined by LF, a line that starts with a colon says nothing. Two liberties,
for streams that were cut: :meth:`Parser.close` gives the event at the end that no empty line
ended, and an event beyond the limit is dropped and counted, not kept.
"""

from __future__ import annotations

from typing import NamedTuple

LIMIT = 8 * 1024 * 1024
"""Bytes of one event."""

_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event; ``name`` is empty where the stream gave none."""

    name: bytes
    data: bytes


class Parser:
    """Bytes in, events out, in any slicing; holds at most one unfinished event of ``limit`` bytes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._pending = bytearray()
        self._after_cr = False
        self._started = False
        self._skipping = False
        self.dropped = 0
        """Events longer than the limit."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        data = self._normalised(data)
        searched = max(0, len(self._pending) - 1)
        self._pending += data
        if not self._started and not self._begin():
            return []
        end = self._pending.rfind(b"\n\n", searched)
        blocks: list[bytes] = []
        if end >= 0:
            blocks = bytes(self._pending[:end]).split(b"\n\n")
            del self._pending[: end + 2]
            if self._skipping:
                blocks = blocks[1:]
                self._skipping = False
        if len(self._pending) > self._limit:
            self._overflow()
        return [event for block in blocks if self._fits(block) and (event := _event(block)) is not None]

    def close(self) -> list[Event]:
        """The event that the stream's end left unfinished, if any."""
        block, self._pending = bytes(self._pending), bytearray()
        if self._skipping or not block:
            return []
        event = _event(block)
        return [] if event is None else [event]

    def _normalised(self, data: bytes) -> bytes:
        if self._after_cr and data:
            # The LF of a CRLF that fell between two pieces; its CR has ended the line already.
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" not in data:
            return data
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _begin(self) -> bool:
        if len(self._pending) < len(_BOM) and _BOM.startswith(bytes(self._pending)):
            return False
        if self._pending.startswith(_BOM):
            del self._pending[: len(_BOM)]
        self._started = True
        return True

    def _overflow(self) -> None:
        self.dropped += not self._skipping
        self._skipping = True
        # The last byte may be the first half of the empty line that ends the event.
        del self._pending[:-1]

    def _fits(self, block: bytes) -> bool:
        if len(block) <= self._limit:
            return True
        self.dropped += 1
        return False


def parse(body: bytes, limit: int = LIMIT) -> list[Event]:
    """All events of a stream that is here whole, or as far as it came."""
    parser = Parser(limit)
    return parser.feed(body) + parser.close()


def _event(block: bytes) -> Event | None:
    if block.startswith(b"data: ") and b"\n" not in block:
        return Event(b"", block[6:])
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        key, _, value = line.partition(b":")
        if key == b"data":
            data.append(value.removeprefix(b" "))
        elif key == b"event":
            name = value.removeprefix(b" ")
    return Event(name, b"\n".join(data)) if data else None
