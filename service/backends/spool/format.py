"""Blocks: how a group of records lies in a segment.

A block is a header of 44 bytes and the sealed MessagePack list of its records. The header has a checksum of its
own, so a damaged body costs that block alone and a damaged header is never trusted for its length.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from service.model.query import End, Gap, Mark, Start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.query import Record

MAGIC = b"RVB1"
_HEADER = struct.Struct("<4sIIIQIQQ")
HEADER_SIZE = _HEADER.size
BLOCK_RECORDS = 512
BLOCK_BYTES = 256 * 1024
"""A block is closed once it holds this much, so that a reader's memory is bounded by it and one record."""
OVERHEAD = 320
"""Bytes of a record beside its body, estimated: ids, names and allow-listed headers."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Start | End | Gap | Mark])


@dataclass(frozen=True, slots=True)
class Header:
    """What a block says of itself before it is opened."""

    length: int
    """Bytes of the sealed body that follows."""
    checksum: int
    first: int
    """Sequence number of its first record."""
    count: int
    at: int
    """Time of its first record in microseconds since the epoch."""
    nonce: int

    @property
    def last(self) -> int:
        """Sequence number of its last record."""
        return self.first + self.count - 1


def pack(sealed: bytes, *, first: int, count: int, at: int, nonce: int) -> bytes:
    """Header and body of a block, ready to be written."""
    rest = _HEADER.pack(MAGIC, 0, len(sealed), zlib.crc32(sealed), first, count, at, nonce)[8:]
    return b"".join((MAGIC, zlib.crc32(rest).to_bytes(4, "little"), rest, sealed))


def unpack(buffer: bytes, offset: int) -> Header | None:
    """The header at ``offset``, which must have ``HEADER_SIZE`` bytes behind it; None where it is damaged."""
    magic, checksum, length, body, first, count, at, nonce = _HEADER.unpack_from(buffer, offset)
    if magic != MAGIC or zlib.crc32(buffer[offset + 8 : offset + HEADER_SIZE]) != checksum:
        return None
    return Header(length, body, first, count, at, nonce)


def intact(header: Header, sealed: bytes) -> bool:
    """Whether the body is the one that the header was written for."""
    return len(sealed) == header.length and zlib.crc32(sealed) == header.checksum


def next_header(buffer: bytes, offset: int) -> int:
    """Offset of the next readable header at or behind ``offset``, -1 where there is none."""
    offset = buffer.find(MAGIC, offset)
    while offset >= 0 and offset + HEADER_SIZE <= len(buffer):
        if unpack(buffer, offset) is not None:
            return offset
        offset = buffer.find(MAGIC, offset + 1)
    return -1


def encode(records: Sequence[Record]) -> bytes:
    """The records as one MessagePack list; raises where one of them has no such form (a lone surrogate)."""
    return _encoder.encode(records)


def decode(plain: bytes) -> list[Record]:
    """The records of a block."""
    return _decoder.decode(plain)


def weight(record: Record) -> int:
    """Bytes that a record takes, about."""
    return OVERHEAD + len(record.body) if isinstance(record, Start | End) else OVERHEAD


def time_of(record: Record) -> int:
    """When the record was made."""
    return record.first if isinstance(record, Gap) else record.at
