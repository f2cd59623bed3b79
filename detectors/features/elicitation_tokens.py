"""Elicitation tokens: a text made plain, cut into sentences, and hashed into buckets.

What hides a word is undone first: full-width and zero-width characters, look-alike letters of another script inside a
word, digits that stand for letters, and letters spelt out one by one. Then every sentence has the hashed character
n-grams (2 to 5) and words, word pairs and skip pairs (up to six apart) that start in it; in scripts that write no
spaces a character counts as a word.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
CHARACTER_BITS = 16
WORD_BITS = 16
BUCKETS = (1 << CHARACTER_BITS) + (1 << WORD_BITS)
ORDERS = (2, 3, 4, 5)
"""Lengths of the character n-grams."""
REACH = 6
"""Words that a skip pair spans at most."""
SHORTEST = 24
"""Characters below which a line is read together with the next one."""
SENTENCES = 24
"""Sentences read of a text; the last one takes the rest."""

_INVISIBLE = dict.fromkeys([0x00, 0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x180E])
_ALIKE = str.maketrans(
    "аеорсухіјѕԁһԛԝкмтвнгпαεορνικτυχ",
    "aeopcyxijsdhqwkmtbhrnaeopviktux",
)
_MIXED = re.compile(r"\w*(?:[a-z][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][a-z])\w*")
_DIGITS = str.maketrans("013457@$", "oieastas")
_LEET = re.compile(r"[a-z0-9@$]*[a-z][a-z0-9@$]*[0-9@$][a-z][a-z0-9@$]*|[a-z0-9@$]*[0-9@$][a-z]{2,}[a-z0-9@$]*")
_SPELT = re.compile(r"(?<!\w)(?:[^\W\d_]([ .\-_*·|]))(?:[^\W\d_]\1){2,}[^\W\d_](?!\w)")
_END = re.compile(r"[.!?]+(?=\s|$|[^\x00-\x7f])|[。！？；।؟۔]+|[;\n]+")
_SPACE = re.compile(r"\s+")

_PRIME = np.uint32(0x9E3779B1)
_SALTS = np.array([0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5], np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Buckets of a text, and the sentence each belongs to."""

    characters: NDArray[np.uint32]
    """Below ``1 << CHARACTER_BITS``."""
    character_sentences: NDArray[np.intp]
    words: NDArray[np.uint32]
    """From ``1 << CHARACTER_BITS`` on, below ``BUCKETS``."""
    word_sentences: NDArray[np.intp]
    sentences: tuple[str, ...]


def plain(text: str) -> str:
    """The text in lower case with what hides its words undone."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).casefold()
        text = _MIXED.sub(lambda found: found[0].translate(_ALIKE), text)
    else:
        text = text.replace("\0", "").lower()
    text = _LEET.sub(lambda found: found[0].translate(_DIGITS), text)
    return _SPELT.sub(lambda found: found[0].replace(found[1], ""), text)


def sentences(text: str) -> list[str]:
    """The sentences of a plain text, short ones joined with the next; white space is made single."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if len(found) == SENTENCES - 1:
            break
        if end.end() - start >= SHORTEST:
            found.append(text[start : end.end()])
            start = end.end()
    found.append(text[start:])
    return [said for part in found if (said := _SPACE.sub(" ", part).strip())]


def tokens(text: str) -> Tokens:
    """All buckets of a text."""
    said = tuple(sentences(plain(text)))
    # A blank before and behind, so that a word at an end has the n-grams of a word in the middle.
    joined = "".join(f" {sentence} " for sentence in said)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32)
    lengths = np.array([len(sentence) + 2 for sentence in said], np.intp)
    owner = np.repeat(np.arange(len(said)), lengths)
    characters, at = _characters(codes, owner)
    words, word_at = _words(codes, owner)
    return Tokens(characters, at, words, word_at, said)


def _characters(codes: NDArray[np.uint32], owner: NDArray[np.intp]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    hashes, owners = [], []
    rolled = codes * _PRIME
    mixed = rolled
    for order in range(2, ORDERS[-1] + 1):
        if len(codes) < order:
            break
        mixed = (mixed[:-1] ^ (mixed[:-1] >> np.uint32(15))) * _SALTS[0] + rolled[order - 1 :]
        inside = owner[: len(mixed)] == owner[order - 1 :]
        hashes.append((mixed * _SALTS[order - 1])[inside] >> np.uint32(32 - CHARACTER_BITS))
        owners.append(owner[: len(mixed)][inside])
    if not hashes:
        return np.empty(0, np.uint32), np.empty(0, np.intp)
    return np.concatenate(hashes), np.concatenate(owners)


def _words(codes: NDArray[np.uint32], owner: NDArray[np.intp]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    ids, owners = _word_ids(codes, owner)
    if not len(ids):
        return np.empty(0, np.uint32), np.empty(0, np.intp)
    hashes, where = [ids * _SALTS[2]], [owners]
    for apart in range(1, min(REACH, len(ids) - 1) + 1):
        inside = owners[:-apart] == owners[apart:]
        left, right = ids[:-apart][inside], ids[apart:][inside]
        pair = (left ^ (left >> np.uint32(13))) * _SALTS[3] + right * _SALTS[4]
        if apart == 1:
            hashes.append(pair * _SALTS[5])
            where.append(owners[:-apart][inside])
        hashes.append((pair ^ (pair >> np.uint32(11))) * _SALTS[1])
        where.append(owners[:-apart][inside])
    joined = np.concatenate(hashes) >> np.uint32(32 - WORD_BITS)
    return joined + np.uint32(1 << CHARACTER_BITS), np.concatenate(where)


def _word_ids(codes: NDArray[np.uint32], owner: NDArray[np.intp]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """A hash a word, and its sentence: runs of letters and digits, single ideographs and kana, single brackets."""
    lower = (codes >= 97) & (codes <= 122)
    digit = (codes >= 48) & (codes <= 57)
    unspaced = ((codes >= 0x3040) & (codes < 0xAC00)) | ((codes >= 0x0E00) & (codes < 0x0E80))
    foreign = (codes >= 0xAA) & ~((codes >= 0x2000) & (codes < 0x2E80)) & ~((codes >= 0x3000) & (codes < 0x3040))
    symbol = (codes == 60) | (codes == 62) | (codes == 91) | (codes == 123) | (codes == 34)
    inside = lower | digit | foreign | symbol
    single = unspaced | symbol
    starts = inside.copy()
    starts[1:] &= ~inside[:-1] | single[1:] | single[:-1]
    at = np.flatnonzero(starts)
    if not len(at):
        return np.empty(0, np.uint32), np.empty(0, np.intp)
    # Sum of code times a power of its place in the word: blanks between words count as nothing.
    place = np.arange(len(codes)) - np.repeat(at, np.diff(np.append(at, len(codes)))) if at[0] == 0 else None
    if place is None:
        place = np.zeros(len(codes), np.intp)
        place[at[0] :] = np.arange(at[0], len(codes)) - np.repeat(at, np.diff(np.append(at, len(codes))))
    powers = _POWERS[np.minimum(place, len(_POWERS) - 1)]
    value = np.where(inside, codes * powers, np.uint32(0))
    return np.add.reduceat(value, at, dtype=np.uint32), owner[at]


_POWERS = np.cumprod(np.full(48, 0x01000193, np.uint32), dtype=np.uint32)
