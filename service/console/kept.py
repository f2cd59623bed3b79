"""Kept: an answer that is dear to make, made anew only once it is old."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Kept(Generic[T]):
    """One answer, made by one thread at a time.

    Parameters
    ----------
    make
        Makes it.
    fresh
        Seconds for which it is kept.

    """

    def __init__(self, make: Callable[[], T], fresh: float) -> None:
        self._make = make
        self._fresh = fresh
        self._lock = threading.Lock()
        self._held: tuple[float, T] | None = None

    def __call__(self) -> T:
        """The answer."""
        with self._lock:
            if self._held is None or time.monotonic() - self._held[0] > self._fresh:
                self._held = (time.monotonic(), self._make())
            return self._held[1]
