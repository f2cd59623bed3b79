"""Event ids: UUIDv7 (RFC 9562), so that an id carries its time and sorts by it."""

from __future__ import annotations

import os
import uuid
from hashlib import blake2b

SHARDS = 4096
"""Shards that callers fall into. A partition is a run of shards, so its number follows from an event's id alone."""
_SHARD_AT = 50
_SHARD_MASK = (SHARDS - 1) << _SHARD_AT


def event_id(at: int) -> bytes:
    """A fresh UUIDv7 of 16 bytes for the time ``at``, in microseconds since the epoch.

    The twelve bits after the millisecond hold its fraction (RFC 9562, method 3), so ids of
    one millisecond still sort by time.
    """
    milliseconds, fraction = divmod(at, 1000)
    high = milliseconds << 16 | 0x7000 | fraction * 4096 // 1000
    low = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return (high << 64 | low).to_bytes(16, "big")


def shard(org: str, account: str) -> int:
    """The shard of a caller: by org, by account where there is none, so that an org's accounts are together."""
    digest = blake2b((org or account).encode("utf-8", "surrogatepass"), digest_size=2).digest()
    return int.from_bytes(digest, "big") % SHARDS


def stamped(event: bytes, number: int) -> bytes:
    """The id with the caller's shard in twelve of its random bits; fifty random bits remain."""
    low = int.from_bytes(event[8:], "big") & ~_SHARD_MASK | number << _SHARD_AT
    return event[:8] + low.to_bytes(8, "big")


def shard_of(event: bytes) -> int:
    """The shard that an id was stamped with."""
    return (int.from_bytes(event[8:], "big") & _SHARD_MASK) >> _SHARD_AT


def partition_of(event: bytes, partitions: int) -> int:
    """The partition, of so many, that an event belongs to: its start and its end alike."""
    return shard_of(event) * partitions // SHARDS


def text_id(event: bytes) -> str:
    """The id in its usual form, ``8-4-4-4-12``."""
    return str(uuid.UUID(bytes=event))
