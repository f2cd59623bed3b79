"""The ledger: exactly how many records a boot could not log, kept where a full disk cannot touch it.

The file is allocated when the boot begins and overwritten in place, so counting needs no space. Two slots are
written in turn; the valid one with the higher generation counts. ``open`` are losses that no ``Gap`` record tells
yet; ``taken`` are those of the ``Gap`` record with the sequence number ``mark``, from before that record is written
until it is synced. So whatever is killed in between, a reader knows from its own position whether the record tells it.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.query import End, Gap, Start

if TYPE_CHECKING:
    from pathlib import Path

    from service.backends.spool.files import Files
    from service.model.query import Record

FILE_SIZE = 4096
_SLOT = 2048
_ENTRY = struct.Struct("<4s8sQ4Q5Q")
_MAGIC = b"RVL1"
_NONE = Gap(0, 0, 0, 0)


def joined(a: Gap, b: Gap) -> Gap:
    """Both gaps in one."""
    if not (a.starts or a.ends):
        return b
    if not (b.starts or b.ends):
        return a
    return Gap(min(a.first, b.first), max(a.last, b.last), a.starts + b.starts, a.ends + b.ends)


def gap_of(record: Record) -> Gap:
    """What is lost where this record cannot be logged."""
    if isinstance(record, Gap):
        return record
    return Gap(record.at, record.at, int(isinstance(record, Start)), int(isinstance(record, End)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger's contents."""

    check: bytes
    """Tells by which key the boot sealed its blocks."""
    generation: int
    open: Gap
    mark: int
    taken: Gap

    def untold(self, position: int) -> Gap:
        """What no record up to and with ``position`` tells."""
        return joined(self.open, self.taken) if position < self.mark else self.open

    def pack(self) -> bytes:
        """The bytes of a slot."""
        o, t = self.open, self.taken
        body = _ENTRY.pack(_MAGIC, self.check, self.generation, o.first, o.last, o.starts, o.ends, self.mark,
                           t.first, t.last, t.starts, t.ends)  # fmt: skip
        return body + zlib.crc32(body).to_bytes(4, "little")


def read_ledger(path: Path) -> Entry | None:
    """What the ledger says; None where it is missing or says nothing."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    entries = [entry for offset in (0, _SLOT) if (entry := _unpack(data[offset : offset + _ENTRY.size + 4]))]
    return max(entries, key=lambda entry: entry.generation, default=None)


def _unpack(data: bytes) -> Entry | None:
    body = data[: _ENTRY.size]
    if len(data) < _ENTRY.size + 4 or zlib.crc32(body).to_bytes(4, "little") != data[_ENTRY.size :]:
        return None
    magic, check, generation, *numbers = _ENTRY.unpack(body)
    return Entry(check, generation, Gap(*numbers[:4]), numbers[4], Gap(*numbers[5:])) if magic == _MAGIC else None


class Ledger:
    """The writing side. ``add`` may be called from any thread; the rest is the writer thread's."""

    def __init__(self, descriptor: int | None, check: bytes, files: Files) -> None:
        """Count into an allocated file; without one the counts live as long as the process."""
        self._descriptor = descriptor
        self._files = files
        self._lock = threading.Lock()
        self._entry = Entry(check, 0, _NONE, 0, _NONE)
        self._save(self._entry.open, 0, _NONE)
        self.sync()

    @property
    def untold(self) -> bool:
        """Whether there are losses that no synced record tells."""
        open_ = self._entry.open
        return bool(open_.starts or open_.ends)

    def add(self, gap: Gap) -> None:
        """Count losses. They outlive the process from here on, and the machine from the next ``sync``."""
        with self._lock:
            entry = self._entry
            self._save(joined(entry.open, gap), entry.mark, entry.taken)

    def take(self, mark: int) -> Gap | None:
        """The untold losses, to be written as the record numbered ``mark``; None where there are none."""
        if not self.untold:
            return None
        with self._lock:
            taken = self._entry.open
            self._save(_NONE, mark, taken)
        self.sync()
        return taken

    def settle(self, *, told: bool) -> None:
        """The record of ``take`` was synced, or could not be."""
        with self._lock:
            entry = self._entry
            self._save(entry.open if told else joined(entry.taken, entry.open), 0, _NONE)

    def sync(self) -> None:
        """Bring the counts to the disk; a disk that cannot leaves them to the page cache."""
        if self._descriptor is not None:
            try:
                self._files.sync(self._descriptor)
            except OSError:
                return

    def close(self) -> None:
        """End the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _save(self, open_: Gap, mark: int, taken: Gap) -> None:
        self._entry = Entry(self._entry.check, self._entry.generation + 1, open_, mark, taken)
        if self._descriptor is not None:
            try:
                self._files.write(self._descriptor, self._entry.pack(), self._entry.generation % 2 * _SLOT)
            except OSError:
                # The next count carries these too.
                return
