"""The worker's source: an ``EventSource`` over the spool's folder.

Boots are read one after the other, the older wholly before the newer, each in the order of its numbers. A boot has
ended when a newer one exists or nobody holds the folder's lock; its torn tail is damage then, and what its ledger
counts and no record tells becomes one last ``Gap`` with the sequence number ``FINAL``.

The reader remembers where the positions it was asked about lie in the files, but nothing that the positions do not
say: a new reader goes on exactly where a checkpoint says.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec
import structlog

from service.backends.spool import format as layout
from service.backends.spool.crypto import Cipher
from service.backends.spool.folder import FINAL, Boot, Segment, in_use, ledger_name, listing
from service.backends.spool.gaps import read_ledger
from service.backends.spool.segments import Damage, Found, OpenSegments, blocks, check_key, quarantine
from service.metrics import SPOOL_BYTES, SPOOL_CORRUPT
from service.ports import Lag, Sourced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

log = structlog.get_logger(__name__)

CURSORS = 64
FRESH = 0.2
"""Age in seconds up to which a listing of the folder is good enough for lag and release."""
LOOK = 1.0
"""Seconds between glances at the folder's lock."""


class SpoolReader:
    """Reads all boots of one folder. Not for use from several threads at once."""

    def __init__(self, folder: Path, key: bytes, *, retain: float = 0.0) -> None:
        """Read ``folder``, sealed under ``key``; covered segments are kept for ``retain`` seconds."""
        self._folder = folder
        self._key = key
        self._retain = retain
        self._files = OpenSegments(folder)
        self._boots: dict[str, Boot] = {}
        self._ciphers: dict[str, Cipher] = {}
        self._cursors: OrderedDict[tuple[str, int], tuple[Segment, int]] = OrderedDict()
        self._ended: dict[str, int] = {}
        """Boots read to their end, and the number of their last record."""
        self._damage: list[tuple[str, int]] = []
        self._scanned = float("-inf")
        self._looked = 0.0
        self._abandoned = False
        """Nobody writes to the newest boot any more."""

    def read(self, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        """At most about ``limit`` records beyond the positions. See ``ports.EventSource``.

        Raises
        ------
        SpoolError
            The segments were sealed under another key.

        """
        taken = self._read(after, limit)
        if not taken:
            self._rescan()
            taken = self._read(after, limit)
        return taken

    def release(self, covered: Mapping[str, int]) -> None:
        """Delete what the positions cover: segments, and the ledger of a boot that is done."""
        self._rescan(at_most_old=FRESH)
        for boot, held in list(self._boots.items()):
            position = covered.get(boot, 0)
            # No position but that of a boot read to its end is ever FINAL, whoever read it.
            done = position >= self._ended.get(boot, FINAL)
            while held.segments and self._releasable(held, position, done=done):
                (self._folder / held.segments.pop(0).name).unlink(missing_ok=True)
            if done and not held.segments:
                (self._folder / ledger_name(boot)).unlink(missing_ok=True)
                del self._boots[boot]
                self._ciphers.pop(boot, None)
        self._forget()
        SPOOL_BYTES.set(sum(self._size(held) for held in self._boots.values()))

    def lag(self, after: Mapping[str, int]) -> Lag:
        """Bytes beyond the positions, and the time of the oldest record there."""
        self._rescan(at_most_old=FRESH)
        size, oldest = 0, None
        for boot, held in self._boots.items():
            position = after.get(boot, 0)
            if not held.segments or self._ended.get(boot, FINAL + 1) <= position:
                continue
            segment, offset, at = self._seek(boot, held, position)
            size += self._size(held, held.segments.index(segment)) - offset
            oldest = at if oldest is None else oldest
        return Lag(max(size, 0), oldest)

    def damage(self) -> Sequence[tuple[str, int]]:
        """Sources with damaged bytes, since the last call."""
        damage, self._damage = self._damage, []
        return damage

    def close(self) -> None:
        """Close the files."""
        self._files.close()

    # Reading

    def _read(self, after: Mapping[str, int], limit: int) -> list[Sourced]:
        taken: list[Sourced] = []
        newest = next(reversed(self._boots), "")
        for boot, held in self._boots.items():
            position = after.get(boot, 0)
            if self._ended.get(boot, FINAL + 1) <= position:
                continue
            over = boot != newest or self._abandoned
            at_end = self._read_boot(boot, held, position, taken=taken, limit=limit, over=over)
            if not (over and at_end):
                break
            position = taken[-1].sequence if taken and taken[-1].source == boot else position
            position = self._last_word(boot, position, taken)
            self._ended[boot] = position
            if len(taken) >= limit:
                break
        return taken

    def _read_boot(self, boot: str, held: Boot, position: int, *, taken: list[Sourced], limit: int, over: bool) -> bool:
        """Take records; whether the boot's end was reached."""
        if not held.segments or position >= FINAL:
            return True
        segment, offset = self._locate(boot, held, position)
        start = held.segments.index(segment)
        for index in range(start, len(held.segments)):
            segment = held.segments[index]
            ended = over or index + 1 < len(held.segments)
            for found in blocks(self._files, segment, offset, ended=ended):
                if isinstance(found, Damage):
                    self._set_aside(boot, segment, found)
                elif found.header.last > position:
                    position = self._take(boot, segment, found, position, taken)
                offset = found.end
                if len(taken) >= limit:
                    self._remember(boot, position, segment, offset)
                    return False
            self._remember(boot, position, segment, offset)
            offset = 0
        return True

    def _take(self, boot: str, segment: Segment, found: Found, position: int, taken: list[Sourced]) -> int:
        header = found.header
        plain = self._cipher(boot).open(found.sealed, first=header.first, count=header.count, nonce=header.nonce)
        if plain is None:
            check_key(self._folder, boot, self._cipher(boot))
            self._set_aside(boot, segment, Damage(found.end - len(found.sealed) - layout.HEADER_SIZE, found.end))
            return position
        try:
            records = layout.decode(plain)
        except msgspec.MsgspecError:
            # Ours and whole, but of a version that writes records in another way.
            self._set_aside(boot, segment, Damage(found.end - len(found.sealed) - layout.HEADER_SIZE, found.end))
            return header.last
        skip = max(position + 1 - header.first, 0)
        first = header.first
        taken.extend([Sourced(boot, first + index, records[index]) for index in range(skip, len(records))])
        return header.last

    def _last_word(self, boot: str, position: int, taken: list[Sourced]) -> int:
        """What the ended boot's ledger counts and no record told; the boot's last position."""
        if position >= FINAL:
            return position
        entry = read_ledger(self._folder / ledger_name(boot))
        gap = entry.untold(position) if entry else None
        if gap is None or not (gap.starts or gap.ends):
            return position
        taken.append(Sourced(boot, FINAL, gap))
        return FINAL

    def _set_aside(self, boot: str, segment: Segment, damage: Damage) -> None:
        size = damage.end - damage.start
        if quarantine(self._folder, segment, damage, self._files.read(segment, damage.start, size)):
            self._damage.append((boot, size))
            SPOOL_CORRUPT.inc(size)
            log.error("spool.damaged", segment=segment.name, offset=damage.start, bytes=size)

    # Finding

    def _rescan(self, *, at_most_old: float = -1.0) -> None:
        """List the folder, unless it was listed ``at_most_old`` seconds ago."""
        if time.monotonic() - self._scanned <= at_most_old:
            return
        self._scanned = time.monotonic()
        boots = listing(self._folder)
        if boots and set(boots) - set(self._boots):
            # A new boot is seen: its predecessors have ended, and a second look sees all of their files.
            boots = listing(self._folder)
        newest = next(reversed(boots), "")
        if newest != next(reversed(self._boots), ""):
            self._abandoned, self._looked = False, 0.0
        if newest and not self._abandoned and time.monotonic() - self._looked >= LOOK:
            self._looked = time.monotonic()
            self._abandoned = not in_use(self._folder)
            if self._abandoned:
                boots = self._unless_newer(listing(self._folder), newest)
        self._boots = boots
        self._forget()

    def _forget(self) -> None:
        """Drop what is remembered of files and boots that are gone."""
        for gone in self._ended.keys() - self._boots.keys():
            del self._ended[gone]
        self._files.keep({segment.name for held in self._boots.values() for segment in held.segments})

    def _unless_newer(self, boots: dict[str, Boot], newest: str) -> dict[str, Boot]:
        """The listing made after the lock was found free; a boot begun since then is alive."""
        if next(reversed(boots), "") != newest:
            self._abandoned = False
        return boots

    def _locate(self, boot: str, held: Boot, position: int) -> tuple[Segment, int]:
        """Where to read on after ``position``: remembered, or the segment that holds it, from its beginning."""
        cursor = self._cursors.get((boot, position))
        if cursor and cursor[0] in held.segments:
            return cursor
        following = (i for i, segment in enumerate(held.segments) if segment.first > position + 1)
        return held.segments[max(next(following, len(held.segments)) - 1, 0)], 0

    def _remember(self, boot: str, position: int, segment: Segment, offset: int) -> None:
        self._cursors[boot, position] = segment, offset
        self._cursors.move_to_end((boot, position))
        if len(self._cursors) > CURSORS:
            self._cursors.popitem(last=False)

    def _seek(self, boot: str, held: Boot, position: int) -> tuple[Segment, int, int | None]:
        """Where the first block beyond ``position`` begins, and its time; the end and None where there is none."""
        segment, offset = self._locate(boot, held, position)
        for index in range(held.segments.index(segment), len(held.segments)):
            segment = held.segments[index]
            for found in blocks(self._files, segment, offset, ended=False):
                if isinstance(found, Found) and found.header.last > position:
                    return segment, offset, found.header.at
                offset = found.end
            self._remember(boot, position, segment, offset)
            offset = 0
        return segment, self._cursors[boot, position][1], None

    def _size(self, held: Boot, start: int = 0) -> int:
        """Bytes of the boot's segments from the one at ``start`` on."""
        last = len(held.segments) - 1
        return sum(self._files.size(held.segments[i], ended=i < last) for i in range(start, last + 1))

    def _cipher(self, boot: str) -> Cipher:
        if boot not in self._ciphers:
            self._ciphers[boot] = Cipher(self._key, boot)
        return self._ciphers[boot]

    # Deleting

    def _releasable(self, held: Boot, position: int, *, done: bool) -> bool:
        """Whether the boot's first segment may go. The live boot's last may not: more is written to it."""
        if not done and (len(held.segments) < 2 or held.segments[1].first > position + 1):
            return False
        return self._retain <= 0 or self._age(held.segments[0]) >= self._retain

    def _age(self, segment: Segment) -> float:
        try:
            return time.time() - (self._folder / segment.name).stat().st_mtime
        except FileNotFoundError:
            return float("inf")
