"""Admission: which end users are worth a state, by a Count-Min sketch of fixed size.

A product behind one key may have any number of end users. One is followed
from its eighth query of about a day on; the sketch may count it too high,
never too low, so nobody who reached eight is missed.

References
----------
[^1]: Cormode, G. and Muthukrishnan, S., 2005. An improved data stream
      summary: the count-min sketch and its applications. J. Algorithms 55.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS, COLUMNS = 4, 8192
DAY = 86_400_000_000


class Admission:
    """Counts by digest, halved at every new day of stream time."""

    def __init__(self, key: bytes, stored: bytes = b"", threshold: int = 8) -> None:
        self._key = key[:64]
        self._threshold = threshold
        self._day = struct.unpack_from("<q", stored)[0] if stored else 0
        counts = np.frombuffer(stored, np.uint16, offset=8) if stored else np.zeros(ROWS * COLUMNS, np.uint16)
        self._counts = counts.reshape(ROWS, COLUMNS).copy()

    def admit(self, value: str, at: int) -> bool:
        """Count one query of ``value`` at stream time ``at``; whether it is followed."""
        day = at // DAY
        if day > self._day:
            self._counts >>= min(day - self._day, 16)
            self._day = day
        digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=4 * ROWS, key=self._key).digest()
        columns = np.frombuffer(digest, np.uint32) % COLUMNS
        cells = self._counts[np.arange(ROWS), columns]
        count = int(cells.min()) + 1
        # Conservative update: only the smallest cells grow, which keeps the overcount low.
        self._counts[np.arange(ROWS), columns] = np.maximum(cells, min(count, 65535))
        return count >= self._threshold

    def dump(self) -> bytes:
        """The sketch as bytes, for the checkpoint."""
        return struct.pack("<q", self._day) + self._counts.tobytes()


def merged(dumps: Sequence[bytes]) -> bytes:
    """Sketches of different end users as one, brought to the newest day; the sum may only count too high."""
    newest = max(struct.unpack_from("<q", dump)[0] for dump in dumps)
    total = np.zeros(ROWS * COLUMNS, np.uint32)
    for dump in dumps:
        behind = min(newest - struct.unpack_from("<q", dump)[0], 16)
        total += np.frombuffer(dump, np.uint16, offset=8) >> behind
    return struct.pack("<q", newest) + np.minimum(total, 65535).astype(np.uint16).tobytes()
