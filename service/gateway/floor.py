"""The floor of the clock: a file that says how far a gateway's time has come, for the next one to begin above.

Without it a system clock that is set back while the gateway is down would give later queries earlier times.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pathlib import Path

    from service.gateway.clock import Clock

log = structlog.get_logger()

PERIOD = 0.2
"""Seconds between two notes."""
AHEAD = 500_000
"""Microseconds that a note is ahead of the time, so that it holds until the next one. No process starts in less,
so a restart begins at the wall's time."""

FURTHEST = 3_600_000_000
"""Most microseconds that a floor is followed ahead of the wall. Beyond, it is rather the earlier clock that was wrong,
and to run for days in the future would be worse than to begin at the wall's time."""


class Floor:
    """The file, written in place: 20 digits, which a power cut may lose but not tear.

    A disk that does not answer leaves it as it is; nothing waits for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Microseconds since the epoch; 0 where there is none yet, none that can be read, or none to be believed."""
        try:
            floor = int(self._path.read_text())
        except (OSError, ValueError):
            return 0
        behind = floor - time.time_ns() // 1000
        if behind <= AHEAD:
            return floor
        log.warning("clock.set_back", seconds=behind / 1e6, followed=behind <= FURTHEST)
        return floor if behind <= FURTHEST else 0

    def note(self, at: int) -> None:
        """Write it. Raises OSError."""
        with self._path.open("r+" if self._path.exists() else "w") as file:
            file.write(f"{at:020d}")

    def settle(self, clock: Clock) -> None:
        """The last note, exact: the time goes no further."""
        with contextlib.suppress(OSError):
            self.note(clock.now())

    async def keep(self, clock: Clock) -> None:
        """Write it until cancelled."""
        told = False
        while True:
            try:
                await asyncio.to_thread(self.note, clock.now() + AHEAD)
                told = False
            except OSError as error:
                if not told:
                    log.warning("clock.floor_not_kept", file=str(self._path), error=error.strerror)
                told = True
            await asyncio.sleep(PERIOD)
