"""Event ids: UUIDv7 (RFC 9562), so that an id carries its time and sorts by it."""

from __future__ import annotations

import os
import uuid


def event_id(at: int) -> bytes:
    """A fresh UUIDv7 of 16 bytes for the time ``at``, in microseconds since the epoch.

    The twelve bits after the millisecond hold its fraction (RFC 9562, method 3), so ids of
    one millisecond still sort by time.
    """
    milliseconds, fraction = divmod(at, 1000)
    high = milliseconds << 16 | 0x7000 | fraction * 4096 // 1000
    low = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return (high << 64 | low).to_bytes(16, "big")


def text_id(event: bytes) -> str:
    """The id in its usual form, ``8-4-4-4-12``."""
    return str(uuid.UUID(bytes=event))
