"""Time for the records: the wall's, but strictly rising and deaf to steps of the system clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MICROSECOND = 1_000
CHECK = 60_000_000
"""Microseconds between two looks at the wall."""
SLEW = 50_000
"""Most microseconds that one look corrects: twice what NTP slews, so drift is followed and steps are not."""


class Clock:
    """Microseconds since the epoch: read from the wall once, carried on by the monotonic clock.

    A step of the wall, of seconds or of years, moves it by at most 50 ms a minute. Two readings are
    never equal and never go back, so the order of a gateway's records is the order of their times.
    That the order holds from one process to the next, although the wall was set back in between, is the
    ``floor``'s doing: a time, in microseconds, that no reading of an earlier process was later than.
    """

    __slots__ = ("_check", "_last", "_monotonic", "_offset", "_wall")

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
        *,
        floor: int = 0,
    ) -> None:
        """``wall`` and ``monotonic`` in nanoseconds."""
        self._wall = wall
        self._monotonic = monotonic
        now = monotonic() // MICROSECOND
        self._offset = max(wall() // MICROSECOND, floor + 1) - now
        self._check = now + CHECK
        self._last = 0

    def now(self) -> int:
        """The time, greater than every time given before."""
        monotonic = self._monotonic() // MICROSECOND
        if monotonic >= self._check:
            self._check = monotonic + CHECK
            drift = self._wall() // MICROSECOND - monotonic - self._offset
            self._offset += max(-SLEW, min(SLEW, drift))
        self._last = max(self._last + 1, monotonic + self._offset)
        return self._last
