"""Server-sent events, read as they come.

WHATWG HTML, section 9.2.6: lines end in LF, CR or CRLF, an empty line ends an event, several
``data`` lines are joined by LF, a line that starts with a colon says nothing. An event here is
its data: the APIs that name their events say the name in the data as well. Two liberties, for
streams that were cut: :meth:`Parser.close` gives the event at the end that no empty line ended,
and an event beyond the limit is dropped and counted, not kept.
"""

from __future__ import annotations

LIMIT = 8 * 1024 * 1024
"""Bytes of one event."""

_BOM = b"\xef\xbb\xbf"


class Parser:
    """Bytes in, events out, in any slicing; holds at most one unfinished event of ``limit`` bytes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._line: list[bytes] = []
        """Pieces of the line that has not ended."""
        self._data: list[bytes] = []
        """Data lines of the event that has not ended."""
        self._size = 0
        """Bytes in both."""
        self._after_cr = False
        self._first = True
        self._skipping = False
        self.dropped = 0
        """Events longer than the limit."""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that these bytes complete."""
        data = self._normalised(data)
        if b"\n" not in data:
            self._hold(data)
            return []
        self._line.append(data)
        lines = b"".join(self._line).split(b"\n")
        rest = lines.pop()
        self._size -= sum(map(len, self._line[:-1]))
        self._line = []
        if self._first:
            lines[0] = lines[0].removeprefix(_BOM)
            self._first = False
        events = self._events(lines)
        self._hold(rest)
        return events

    def close(self) -> list[bytes]:
        """The event that the stream's end left unfinished, if any."""
        return self.feed(b"\n\n")

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        data = self._data
        for line in lines:
            if line.startswith(b"data: "):
                self._take(line[6:])
            elif not line:
                if data and not self._skipping:
                    events.append(data[0] if len(data) == 1 else b"\n".join(data))
                data.clear()
                self._size = 0
                self._skipping = False
            elif line.startswith(b"data:"):
                self._take(line[5:])
            elif line == b"data":
                self._take(b"")
        return events

    def _take(self, data: bytes) -> None:
        self._size += len(data) + 1
        if self._size <= self._limit:
            self._data.append(data)
        else:
            self._overflow()

    def _hold(self, piece: bytes) -> None:
        if self._skipping and self._line:
            # Of a line that is dropped anyway only its not being empty counts.
            return
        self._size += len(piece)
        if piece:
            self._line.append(piece)
        if self._size > self._limit:
            self._line = [b":"]
            self._overflow()

    def _overflow(self) -> None:
        self.dropped += not self._skipping
        self._skipping = True
        self._data.clear()
        self._size = 0

    def _normalised(self, data: bytes) -> bytes:
        if self._after_cr and data:
            # The LF of a CRLF that fell between two pieces; its CR has ended the line already.
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" not in data:
            return data
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def parse(body: bytes) -> list[bytes]:
    """All events of a stream that is here whole, or as far as it came."""
    parser = Parser()
    return parser.feed(body) + parser.close()
