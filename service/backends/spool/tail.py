"""The shipper's way of reading the spool: each boot by itself, from wherever a partition wants it.

A boot's *clock* is the highest time of its records: every later end is later than it, because a gateway takes an
end's time as it logs it, and a start's before. Its *newest* is the time of its newest end. An end or a mark is later
than all before it, so both are known at any number that the disk reaches back from to one of those: whoever starts to
read in the middle says the same of it as one who read it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from service.backends.spool import format as layout
from service.backends.spool.folder import FINAL
from service.backends.spool.reader import SpoolReader
from service.backends.spool.segments import Found, blocks
from service.model.query import End, Gap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.backends.spool.folder import Segment
    from service.model.query import Record
    from service.ports import Sourced


@dataclass(frozen=True, slots=True)
class Tail:
    """What a boot has beyond a number."""

    records: Sequence[Sourced]
    through: int
    """Number up to which these are all; ``FINAL`` where the boot has ended and this is the rest of it."""


@dataclass(frozen=True, slots=True)
class Times:
    """Clock and newest end of a boot at some number, microseconds since the epoch, 0 where there was none."""

    clock: int = 0
    newest: int = 0


class SpoolTail(SpoolReader):
    """Reads the boots of one folder, each from its own place. Not for use from several threads at once."""

    _told: Sequence[str] = ()

    def boots(self) -> Sequence[str]:
        """The boots on the disk, oldest first, as the folder is now.

        One has ended where this told of a newer one, or nobody writes to it any more.
        """
        self._rescan()
        self._told = list(self._boots)
        return self._told

    def first(self, boot: str) -> int:
        """Number of the boot's oldest record on the disk; 1 where it has written nothing yet."""
        segments = self._boots[boot].segments if boot in self._boots else ()
        return segments[0].first if segments else 1

    def tail(self, boot: str, position: int, limit: int) -> Tail:
        """At most about ``limit`` records of the boot beyond the position. Raises SpoolError as ``read``."""
        held = self._boots.get(boot)
        if held is None or position >= FINAL:
            return Tail((), position)
        taken: list[Sourced] = []
        over = boot not in self._told[-1:] or (self._abandoned and boot == next(reversed(self._boots)))
        at_end = self._read_boot(boot, held, position, taken=taken, limit=limit, over=over)
        through = taken[-1].sequence if taken else position
        if over and at_end:
            self._last_word(boot, through, taken)
            # Released only once every partition has taken the boot's end too, and not just its last record: until then
            # somebody may ask for the end again.
            self._ended[boot] = through = FINAL
        return Tail(taken, through)

    def times(self, boot: str, position: int) -> Times:
        """Clock and newest end through the position, as far as the disk reaches back."""
        clock = newest = 0
        held = self._boots.get(boot)
        segments = [s for s in held.segments if s.first <= position] if held and position else []
        for segment in reversed(segments):
            times = self._times_in(boot, segment, position)
            clock, newest = max(clock, times.clock), newest or times.newest
            if newest:
                break
        return Times(clock, newest)

    def _times_in(self, boot: str, segment: Segment, position: int) -> Times:
        clock = newest = 0
        for first, records in self._opened(boot, segment):
            if first > position:
                break
            for record in records[: position - first + 1]:
                if isinstance(record, End):
                    newest = record.at
                if not isinstance(record, Gap):
                    clock = max(clock, record.at)
        return Times(clock, newest)

    def _opened(self, boot: str, segment: Segment) -> Iterator[tuple[int, list[Record]]]:
        """First number and records of each block that can be read; damage is for the reading proper to tell."""
        cipher = self._cipher(boot)
        for found in blocks(self._files, segment, 0, ended=False):
            if not isinstance(found, Found):
                continue
            header = found.header
            plain = cipher.open(found.sealed, first=header.first, count=header.count, nonce=header.nonce)
            if plain is None:
                continue
            try:
                yield header.first, layout.decode(plain)
            except msgspec.MsgspecError:
                continue
