"""Surface: fourteen numbers on how a text is written, none on what it says.

Length, casing, digits, punctuation and form separate generated from typed
prompts where a sentence embedder smooths the difference away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from detectors.core.observation import SURFACE
from detectors.features.ngrams import counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.features.ngrams import Spelling

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
KINDS = 10
"""Kinds of bytes that are told apart."""
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


def surface(
    texts: Sequence[str], spelling: Spelling, words: Sequence[Sequence[str]], lengths: Sequence[int]
) -> NDArray[np.float32]:
    """The fourteen features of every text, zeros of an empty one; shape (texts, SURFACE).

    Parameters
    ----------
    texts
        The part of each that is read.
    spelling
        The same.
    words
        The same in lower case, split at white space.
    lengths
        Characters of the whole text.

    """
    kinds = _TABLE[np.frombuffer(spelling.data, np.uint8)]
    counted = counts(spelling.owner, kinds, texts=len(texts), number=KINDS).tolist()
    return np.array([_row(*each) for each in zip(texts, words, lengths, counted, strict=True)], np.float32).reshape(
        len(texts), SURFACE
    )


def _row(text: str, words: Sequence[str], length: int, found: Sequence[int]) -> tuple[float, ...]:
    if not text:
        return (0.0,) * SURFACE
    characters = sum(found) - found[_CONTINUED]
    n_words = max(len(words), 1)
    blank = found[_SPACE] + found[_NEWLINE]
    return (
        math.log1p(length),
        math.log1p(n_words),
        min((characters - blank) / n_words, 40.0),
        found[_UPPER] / characters,
        found[_DIGIT] / characters,
        (found[_PUNCTUATION] + found[_END]) / characters,
        found[_NEWLINE] / characters,
        found[_LEAD] / characters,
        found[_SPACE] / characters,
        found[_SYMBOL] / characters,
        float(text.rstrip().endswith("?") or (bool(words) and words[0] in _QUESTIONS)),
        len(set(words)) / n_words,
        math.log1p(n_words / (1 + found[_END])),
        float(text.lstrip()[:1].isupper()),
    )
