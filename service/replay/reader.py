"""Reader: files of query records as one stream of events, in the order in which they were completed.

Nothing is loaded whole. The files are merged by arrival; a heap then puts the
events in order of completion, because that is the order of the live stream.
It holds what was in flight at that time, and some more so that lines which
are somewhat out of order find their place: up to ``SLACK`` of the stream's
time or ``HELD`` events, whichever is less. A file in order of arrival and a
file in order of completion, as ``revenuer export`` writes it, both come out
exactly in order; a line that is further off is taken as it comes and counted.
"""

from __future__ import annotations

import gzip
import heapq
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from service.replay.records import OPEN, RecordError, read_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from service.model.query import QueryEvent
    from service.ports import Dialects

SLACK = OPEN
"""How far out of order a line may be, in microseconds of the stream's time."""
HELD = 8192
"""Events held back for lines out of order. What is in flight comes on top."""
LONGEST = 100 * 1024 * 1024
"""Bytes of a line; a longer one is skipped."""
NAMED = 1000
"""Bad lines kept by name; the rest are counted."""
BUFFER = 1 << 20
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"


class ReaderError(Exception):
    """A file cannot be read, or under ``strict`` a line; the message names it and says what is wrong."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was skipped."""

    file: Path
    line: int
    """From 1."""
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class Reader:
    """Iterates once over the events of several files.

    Parameters
    ----------
    files
        JSON Lines, plain or gzip'd, each once; told apart by their content.
    dialects
        Read the queries and answers.
    strict
        Stop at the first bad line instead of skipping it.

    Raises
    ------
    ReaderError
        At once: a file is missing, unreadable, a folder or given twice. While iterating: a bad line, if ``strict``.

    """

    def __init__(self, files: Sequence[Path], *, dialects: Dialects, strict: bool = False) -> None:
        self.files = [Path(file) for file in files]
        self.bad: list[BadLine] = []
        """The first of the lines skipped, in the order found."""
        self.skipped = 0
        """How many lines were skipped."""
        self.events = 0
        """How many events were read."""
        self.late = 0
        """How many of them came after one that was completed later."""
        self.counts: dict[Path, int] = dict.fromkeys(self.files, 0)
        """Events of each file; a file without any is worth a word."""
        self._dialects = dialects
        self._strict = strict
        self._sizes = {file: _size(file) for file in self.files}
        self._offsets = dict.fromkeys(self.files, 0)
        if len(self._sizes) < len(self.files):
            twice = next(file for file in self.files if self.files.count(file) > 1)
            raise ReaderError(f"{twice}: given twice")

    @property
    def total(self) -> int:
        """Bytes of all files, as they lie on disk."""
        return sum(self._sizes.values())

    @property
    def position(self) -> int:
        """Bytes of them read."""
        return sum(self._offsets.values())

    def __iter__(self) -> Iterator[QueryEvent]:
        last = 0
        for event in completions(self._arrivals()):
            self.late += event.done < last
            last = max(event.done, last)
            yield event

    def _arrivals(self) -> Iterator[QueryEvent]:
        streams = [self._lines(index, file) for index, file in enumerate(self.files)]
        return heapq.merge(*streams, key=lambda event: event.at)

    def _lines(self, index: int, file: Path) -> Iterator[QueryEvent]:
        line = 0
        try:
            with _open(file) as raw, _unpacked(raw, file) as stream:
                while data := stream.readline(LONGEST + 1):
                    line += 1
                    self._offsets[file] = raw.tell()
                    event = self._read(data, stream, file, line, index)
                    if event is not None:
                        yield event
        except EOFError:
            self._skip(file, line + 1, "the gzip stream ends early; the file is truncated")
        except (zlib.error, gzip.BadGzipFile) as error:
            self._skip(file, line + 1, f"the gzip stream is damaged: {error}")
        except OSError as error:
            raise ReaderError(f"{file}: {error.strerror or error} after line {line}") from None
        self._offsets[file] = self._sizes[file]

    def _read(self, data: bytes, stream: io.BufferedIOBase, file: Path, line: int, index: int) -> QueryEvent | None:
        if len(data) > LONGEST:
            while data and not data.endswith(b"\n"):
                data = stream.readline(BUFFER)
            self._skip(file, line, f"is longer than {LONGEST >> 20} MiB")
            return None
        if line == 1 and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            self._skip(file, line, "is UTF-16; expected UTF-8")
            return None
        data = data.removeprefix(BOM).strip() if line == 1 else data.strip()
        if not data:
            return None
        try:
            # Equal lines of two files are two events.
            event = read_line(data, dialects=self._dialects, number=index << 40 | line)
        except RecordError as error:
            self._skip(file, line, str(error))
            return None
        self.events += 1
        self.counts[file] += 1
        return event

    def _skip(self, file: Path, line: int, what: str) -> None:
        bad = BadLine(file, line, what)
        if self._strict:
            raise ReaderError(str(bad))
        self.skipped += 1
        if len(self.bad) < NAMED:
            self.bad.append(bad)


def completions(arrivals: Iterable[QueryEvent]) -> Iterator[QueryEvent]:
    """Events that come in order of arrival, in order of completion."""
    held: list[tuple[int, bytes, int, QueryEvent]] = []
    newest = 0
    for number, event in enumerate(arrivals):
        heapq.heappush(held, (event.done, event.id, number, event))
        newest = max(newest, event.at)
        # Nothing that is still to come in its order ends before the newest arrival.
        while held and held[0][0] < newest and (held[0][0] < newest - SLACK or len(held) > HELD):
            yield heapq.heappop(held)[-1]
    while held:
        yield heapq.heappop(held)[-1]


def _size(file: Path) -> int:
    try:
        with file.open("rb"):
            return file.stat().st_size
    except OSError as error:
        raise ReaderError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def _open(file: Path) -> io.BufferedReader:
    return io.BufferedReader(io.FileIO(file), BUFFER)


def _unpacked(raw: io.BufferedReader, file: Path) -> io.BufferedIOBase:
    """The stream of lines. ``raw`` stays the one whose offset tells the progress."""
    head = raw.peek(2)[:2]
    if head == GZIP:
        # No buffer around it: what was unpacked before the end of a truncated file would be lost in there.
        return gzip.GzipFile(fileobj=raw, mode="rb")
    if head and file.suffix == ".gz":
        raise ReaderError(f"{file}: is named .gz but is not gzip; rename or compress it")
    return raw
