"""Segments being read: blocks in order from an offset, damage found and set aside."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.spool import format as layout
from service.backends.spool.folder import QUARANTINE, Segment, SpoolError, ledger_name
from service.backends.spool.gaps import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from service.backends.spool.crypto import Cipher
    from service.backends.spool.format import Header

CHUNK = 1024 * 1024
OPEN = 16
"""Files kept open at once: a long outage of the store leaves thousands of segments."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a segment that are no block."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A block as it lies in the file, still sealed."""

    header: Header
    sealed: bytes
    end: int
    """Offset behind it."""


class OpenSegments:
    """The segments' files: the latest few are kept open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptors: OrderedDict[str, int] = OrderedDict()
        self._sizes: dict[str, int] = {}

    def size(self, segment: Segment, *, ended: bool = False) -> int:
        """Bytes in the file; of one that has ``ended`` it is looked up once."""
        if segment.name in self._sizes:
            return self._sizes[segment.name]
        try:
            size = (self._folder / segment.name).stat().st_size
        except FileNotFoundError:
            return 0
        if ended:
            self._sizes[segment.name] = size
        return size

    def read(self, segment: Segment, offset: int, size: int) -> bytes:
        """At most ``size`` bytes; none of a file that the writer removed again because it held nothing."""
        try:
            return os.pread(self._descriptor(segment), size, offset)
        except FileNotFoundError:
            return b""

    def keep(self, names: AbstractSet[str]) -> None:
        """Forget all others."""
        for name in self._descriptors.keys() - names:
            os.close(self._descriptors.pop(name))
        for name in self._sizes.keys() - names:
            del self._sizes[name]

    def close(self) -> None:
        """Close all."""
        self.keep(frozenset())

    def _descriptor(self, segment: Segment) -> int:
        descriptor = self._descriptors.get(segment.name)
        if descriptor is None:
            descriptor = os.open(self._folder / segment.name, os.O_RDONLY | os.O_CLOEXEC)
            self._descriptors[segment.name] = descriptor
            if len(self._descriptors) > OPEN:
                os.close(self._descriptors.popitem(last=False)[1])
        return descriptor


def blocks(files: OpenSegments, segment: Segment, offset: int, *, ended: bool) -> Iterator[Found | Damage]:
    """Blocks and damage from ``offset`` on, in order.

    Where the segment may still grow (not ``ended``), what looks damaged at its end is a block being
    written: it is left for the next time. Only with an intact block behind it is it damage.
    """
    buffer, base = b"", offset
    while True:
        at = offset - base
        found: Found | Damage | None = _block(buffer, at)
        if found is None:
            wanted = CHUNK if len(buffer) - at < layout.HEADER_SIZE else _needed(buffer, at)
            buffer, base = files.read(segment, offset, max(wanted, CHUNK)), offset
            found = _block(buffer, 0)
        if found is None:
            found = _damage(files, segment, offset, ended=ended)
        if found is None:
            return
        if isinstance(found, Found):
            found = Found(found.header, found.sealed, base + found.end)
        yield found
        offset = found.end


def _needed(buffer: bytes, at: int) -> int:
    header = layout.unpack(buffer, at)
    return layout.HEADER_SIZE + header.length if header else CHUNK


def _block(buffer: bytes, at: int) -> Found | None:
    """The block at ``at`` if all of it is there and intact."""
    body = at + layout.HEADER_SIZE
    if body > len(buffer) or (header := layout.unpack(buffer, at)) is None:
        return None
    sealed = buffer[body : body + header.length]
    return Found(header, sealed, body + header.length) if layout.intact(header, sealed) else None


def _damage(files: OpenSegments, segment: Segment, offset: int, *, ended: bool) -> Damage | None:
    # Looked at afresh: the writer may have cut off a partial block and written another between two reads.
    rest = files.read(segment, offset, max(files.size(segment) - offset, 0))
    if not rest or _block(rest, 0) is not None:
        return None
    at = 1
    while (at := layout.next_header(rest, at)) >= 0:
        if _block(rest, at) is not None:
            return Damage(offset, offset + at)
        at += 1
    return Damage(offset, offset + len(rest)) if ended else None


def quarantine(folder: Path, segment: Segment, damage: Damage, data: bytes) -> bool:
    """Keep damaged bytes for whoever looks into it; False where that was done before."""
    aside = folder / QUARANTINE
    aside.mkdir(mode=0o700, exist_ok=True)
    path = aside / f"{segment.name}-{damage.start}"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return True


def check_key(folder: Path, boot: str, cipher: Cipher) -> None:
    """Tell a damaged block from a wrong key.

    Raises
    ------
    SpoolError
        The boot was sealed under another key.

    """
    entry = read_ledger(folder / ledger_name(boot))
    if entry and entry.check != cipher.check:
        raise SpoolError(
            f"{folder}: the segments of {boot} were written under another spool_key; restore that key, "
            f"or move {boot}-*.seg and {boot}.ledger away to go on without their records"
        )
