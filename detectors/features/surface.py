"""Surface: fourteen numbers on how a text is written, none on what it says.

Length, casing, digits, punctuation and form separate generated from typed
prompts where a sentence embedder smooths the difference away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from detectors.core.observation import SURFACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = (
    "log_characters",
    "log_words",
    "word_length",
    "upper_share",
    "digit_share",
    "punctuation_share",
    "newline_share",
    "non_ascii_share",
    "space_share",
    "symbol_share",
    "asks",
    "distinct_words_share",
    "log_sentence_words",
    "starts_upper",
)
"""Meaning of each column."""

LENGTH = NAMES.index("log_characters")

_OTHER, _UPPER, _DIGIT, _PUNCTUATION, _NEWLINE, _SPACE, _SYMBOL, _END, _LEAD, _CONTINUED = range(10)
_QUESTIONS = frozenset(
    (
        *("what", "how", "why", "who", "whom", "whose", "which", "when", "where"),
        *("is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "would", "will", "may"),
    )
)


def _classes() -> NDArray[np.uint8]:
    table = np.full(256, _OTHER, np.uint8)
    for characters, kind in (
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", _UPPER),
        (b"0123456789", _DIGIT),
        (b",:\"'()-", _PUNCTUATION),
        (b".!?", _END),
        (b"\n\r", _NEWLINE),
        (b" \t", _SPACE),
        (b"{}[]<>=;`#*_/\\|&^%$@~+", _SYMBOL),
    ):
        table[np.frombuffer(characters, np.uint8)] = kind
    table[0x80:0xC0] = _CONTINUED
    table[0xC0:] = _LEAD
    return table


_TABLE = _classes()


def surface(text: str, data: bytes, length: int) -> NDArray[np.float32]:
    """The fourteen features of a text, shape (SURFACE,).

    Parameters
    ----------
    text
        The part that is read.
    data
        The same in UTF-8.
    length
        Characters of the whole text.

    """
    out = np.zeros(SURFACE, np.float32)
    if not data:
        return out
    counts = np.bincount(_TABLE[np.frombuffer(data, np.uint8)], minlength=10).tolist()
    characters = len(data) - counts[_CONTINUED]
    words = text.lower().split()
    n_words = max(len(words), 1)
    blank = counts[_SPACE] + counts[_NEWLINE]
    out[:] = (
        math.log1p(length),
        math.log1p(n_words),
        min((characters - blank) / n_words, 40.0),
        counts[_UPPER] / characters,
        counts[_DIGIT] / characters,
        (counts[_PUNCTUATION] + counts[_END]) / characters,
        counts[_NEWLINE] / characters,
        counts[_LEAD] / characters,
        counts[_SPACE] / characters,
        counts[_SYMBOL] / characters,
        float(text.rstrip().endswith("?") or (bool(words) and words[0] in _QUESTIONS)),
        len(set(words)) / n_words,
        math.log1p(n_words / (1 + counts[_END])),
        float(text.lstrip()[:1].isupper()),
    )
    return out
