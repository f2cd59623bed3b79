"""n-grams: hashed character trigrams, the spelling of a text in 256 numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from detectors.core.observation import NGRAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Odd multipliers; what they are is part of the feature version.
_FIRST, _SECOND, _THIRD, _MIX = (np.uint32(m) for m in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F))
_SHIFT = np.uint32(24)


class Spelling(NamedTuple):
    """Several texts as one."""

    data: bytes
    """In UTF-8, one after the other."""
    owner: NDArray[np.intp]
    """Number of the text that each byte is of."""
    texts: int

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Of texts that can be encoded."""
        data = [text.encode() for text in texts]
        owner = np.repeat(np.arange(len(data)), np.array([len(each) for each in data], np.intp))
        return cls(b"".join(data), owner, len(data))


def counts(owner: NDArray[np.intp], kinds: NDArray[np.integer], *, texts: int, number: int) -> NDArray[np.intp]:
    """How many of each kind, from 0 to ``number`` - 1, every text has; shape (texts, number)."""
    found: NDArray[np.intp] = np.bincount(owner * number + kinds, minlength=texts * number)
    return found.reshape(texts, number)


def ngrams(spelling: Spelling) -> NDArray[np.float32]:
    """Trigram counts over 256 buckets, unit length; zeros for fewer than three bytes. Shape (texts, NGRAMS)."""
    codes = np.frombuffer(spelling.data.lower(), np.uint8).astype(np.uint32)
    mixed = codes[:-2] * _FIRST
    mixed ^= codes[1:-1] * _SECOND
    mixed ^= codes[2:] * _THIRD
    mixed *= _MIX
    owner = spelling.owner[: len(mixed)]
    inside = owner == spelling.owner[len(codes) - len(mixed) :]
    found = counts(owner[inside], (mixed >> _SHIFT)[inside], texts=spelling.texts, number=NGRAMS).astype(np.float32)
    # Counts are whole numbers, so that their squares add up exactly in whatever order, of texts up to 4,096 bytes.
    lengths = np.sqrt(np.einsum("ij,ij->i", found, found))
    found /= np.maximum(lengths, 1)[:, None]
    return found
