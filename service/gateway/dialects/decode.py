"""Content-Encoding undone, within bounds: a kilobyte cannot become a gigabyte here."""

from __future__ import annotations

import zlib
from typing import NamedTuple

LARGEST = 8 * 1024 * 1024
"""Bytes that come out at most."""
RATIO = 200
"""Bytes out for a byte in, beyond the first 64 KiB. JSON and event streams reach about 30."""
_FREE = 64 * 1024
_STEP = 4 * 1024

_GZIP = 16 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS


class Decoded(NamedTuple):
    """What came out, and whether that is all of it."""

    body: bytes
    whole: bool


def decode(body: bytes, encoding: str) -> Decoded | None:
    """The body without its coding; None where the coding is not one that is read here.

    gzip and deflate (with zlib's header, as RFC 9110 has it, or without, as some send it), one
    coding at most. Of a body that is cut, damaged or beyond the bounds: what came out until there.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return Decoded(body, whole=True)
        case "gzip" | "x-gzip":
            return _inflate(body, _GZIP)
        case "deflate":
            decoded = _inflate(body, zlib.MAX_WBITS)
            return decoded if decoded.body or decoded.whole else _inflate(body, _RAW)
    return None


def _inflate(body: bytes, window: int) -> Decoded:
    room = min(LARGEST, max(_FREE, RATIO * len(body)))
    out = bytearray()
    inflater = zlib.decompressobj(window)
    try:
        # In steps, so that what lies before a damage is kept.
        for at in range(0, len(body), _STEP):
            data = body[at : at + _STEP]
            while data:
                if inflater.eof:
                    if window != _GZIP:
                        return Decoded(bytes(out), whole=False)
                    # gzip members may follow one another (RFC 1952, section 2.2).
                    inflater = zlib.decompressobj(window)
                out += inflater.decompress(data, room + 1 - len(out))
                if len(out) > room:
                    return Decoded(bytes(out[:room]), whole=False)
                data = inflater.unused_data
    except zlib.error:
        return Decoded(bytes(out), whole=False)
    return Decoded(bytes(out), whole=inflater.eof)
