"""n-grams: hashed character trigrams, the spelling of a text in 256 numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.core.observation import NGRAMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Odd multipliers; what they are is part of the feature version.
_FIRST, _SECOND, _THIRD, _MIX = (np.uint32(m) for m in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F))
_SHIFT = np.uint32(24)


def ngrams(data: bytes) -> NDArray[np.float32]:
    """Trigram counts over 256 buckets, unit length; zeros for fewer than three bytes. Shape (NGRAMS,)."""
    if len(data) < 3:
        return np.zeros(NGRAMS, np.float32)
    codes = np.frombuffer(data.lower(), np.uint8).astype(np.uint32)
    mixed = codes[:-2] * _FIRST
    mixed ^= codes[1:-1] * _SECOND
    mixed ^= codes[2:] * _THIRD
    mixed *= _MIX
    counts = np.bincount(mixed >> _SHIFT, minlength=NGRAMS).astype(np.float32)
    counts /= np.sqrt(counts @ counts)
    return counts
