"""Tries: attempts to sign in that failed, counted by whom they were for and where they came from."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN = 15 * 60 * 1_000_000
"""Microseconds for which a failure counts."""
MOST: Mapping[str, int] = {"pair": 5, "name": 50, "address": 30}
"""Failures within the span, of one name from one address, of one name, and from one address.

A name alone is allowed more than a pair, so that a stranger cannot lock its owner out from elsewhere.
"""
HELD = 10_000
"""Keys remembered; beyond it the oldest are forgotten."""


class Tries:
    """Failures of one process's control plane, in memory: a restart forgets them."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[int]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, address: str, now: int) -> int:
        """Seconds until the next try is taken; 0 where it is taken now."""
        with self._lock:
            return max(self._wait(key, now) for key in _keys(name, address))

    def failed(self, name: str, address: str, now: int) -> None:
        """One more."""
        with self._lock:
            for key in _keys(name, address):
                # Taken out and put back, so that the dict is in order of the latest failure.
                times = self._failures.pop(key, None) or deque(maxlen=MOST[key[0]])
                times.append(now)
                self._failures[key] = times
            while len(self._failures) > HELD:
                del self._failures[next(iter(self._failures))]

    def passed(self, name: str, address: str) -> None:
        """The right password: what came before from there was the same person."""
        with self._lock:
            self._failures.pop(_keys(name, address)[0], None)

    def _wait(self, key: tuple[str, str], now: int) -> int:
        times = self._failures.get(key)
        if times is None or len(times) < MOST[key[0]] or times[0] + SPAN <= now:
            return 0
        return -(-(times[0] + SPAN - now) // 1_000_000)


def _keys(name: str, address: str) -> list[tuple[str, str]]:
    return [("pair", f"{name}\0{address}"), ("name", name), ("address", address)]
