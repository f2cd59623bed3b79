"""Elicitation tokens: a text made plain, cut into sentences, and hashed into buckets.

What hides a word is undone first: full-width and zero-width characters, look-alike letters of another script inside a
word, digits that stand for letters, and letters spelt out one by one. Then every sentence has the hashed character
n-grams (2 to 5), words, word pairs and skip pairs (up to six words apart) that occur in it, each once; in scripts that
write no spaces a character counts as a word. Everything is integers, so a sentence has the same buckets whatever stands
beside it in a batch.

References
----------
[^1]: Weinberger, K. et al., 2009. Feature Hashing for Large Scale Multitask
      Learning. ICML. arXiv:0902.2206
[^2]: Unicode Technical Standard #39, Unicode Security Mechanisms (letters
      that look alike). https://www.unicode.org/reports/tr39/

"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VERSION = 1
BITS = 16
"""Bits of a bucket of character n-grams, and of one of words."""
WORDS = 1 << BITS
"""First bucket of words; those of character n-grams lie below."""
BUCKETS = 2 * WORDS
ORDERS = (2, 3, 4, 5)
"""Lengths of the character n-grams."""
REACH = 6
"""Words that a skip pair spans at most."""
SHORTEST, LONGEST = 24, 240
"""Characters below which a sentence is read together with the next one, and above which it is cut."""
SENTENCES = 24
"""Sentences read of a text, from its beginning."""
MOST = 1 << 14
"""Sentences hashed in one go."""
MANY = 1 << 12
"""Keys from which they are sorted by halves."""

_INVISIBLE = re.compile(r"[\x00\xad\u180e\ufeff\u200b-\u200f\u2060-\u2064]+")
_ALIKE = str.maketrans("аеорсухіјѕԁһԛԝкмтвнгпαεοριντυχκ", "aeopcyxijsdhqwkmtbhrnaeopivtuxk")
_ANOTHER = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_MIXED = re.compile(r"\w*(?:[a-z][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][a-z])\w*")
_DIGITS = str.maketrans("013457@$", "oieastas")
_NOT_BEFORE = frozenset("0123456789@$")
# The next two begin with the characters that they are about, so that the others are passed over in one go.
_LEET = re.compile(r"[013457@$]+(?=[a-z])")
_END = re.compile(
    r"[.!?;\n。\u0964\u061f\u06d4]"
    r"(?:(?<=[.!?])[.!?]*(?=\s|$|[^\x00-\x7f])|(?<=[;\n])[;\n]*|(?<=[。\u0964\u061f\u06d4])[。\u0964\u061f\u06d4]*)"
)
_SPELT = re.compile(r"\b[^\W\d_]([ .\-_*·|])(?:[^\W\d_]\1){2,}[^\W\d_]\b")
_PERHAPS_SPELT = re.compile(r"[ .\-_*·|][^\W\d_][ .\-_*·|][^\W\d_][ .\-_*·|]")
_CUT = re.compile(rf".{{1,{LONGEST}}}(?:\s|$)|.{{{LONGEST}}}")

_SHIFT = np.uint32(32 - BITS)
_PRIME, _MIX, _WORD, _LEFT, _RIGHT, _PAIR, _SKIP = (
    np.uint32(m) for m in (0x9E3779B1, 0x85EBCA77, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xC2B2AE3D)
)
_ORDER = {2: _SKIP, 3: _WORD, 4: _LEFT, 5: _RIGHT}
_POWERS = np.cumprod(np.full(LONGEST + 2, 0x01000193, np.uint32), dtype=np.uint32)


class Buckets(NamedTuple):
    """Distinct buckets of sentences, in order of sentence and bucket."""

    sentence: NDArray[np.intp]
    bucket: NDArray[np.intp]


def plain(text: str) -> str:
    """The text in lower case with what hides its words undone."""
    if text.isascii():
        text = text.replace("\0", "").lower()
    else:
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
        if _ANOTHER.search(text):
            text = _MIXED.sub(lambda found: found[0].translate(_ALIKE), text)
    text = _LEET.sub(_letters, text)
    return _SPELT.sub(lambda found: found[0].replace(found[1], ""), text) if _PERHAPS_SPELT.search(text) else text


def _letters(found: re.Match[str]) -> str:
    """The letters that digits stand for: between two letters, or one digit by itself before two."""
    text, digits = found.string, found[0]
    before, beyond = text[found.start() - 1 : found.start()], text[found.end() + 1 : found.end() + 2]
    alone = len(digits) == 1 and before not in _NOT_BEFORE and "a" <= beyond <= "z"
    return digits.translate(_DIGITS) if alone or "a" <= before <= "z" else digits


def sentences(text: str) -> list[str]:
    """The sentences of a text made plain: short ones joined with the next, long ones cut, white space made single."""
    said = plain(text)
    found: list[str] = []
    start = 0
    for end in _END.finditer(said):
        if end.end() - start >= SHORTEST:
            _add(said[start : end.end()], found)
            start = end.end()
            if len(found) >= SENTENCES:
                return found[:SENTENCES]
    _add(said[start:], found)
    return found[:SENTENCES]


def _add(part: str, to: list[str]) -> None:
    sentence = " ".join(part.split())
    if len(sentence) <= LONGEST:
        if sentence:
            to.append(sentence)
    else:
        to += [cut.strip() for cut in _CUT.findall(sentence)]


def buckets(said: Sequence[str]) -> Buckets:
    """Distinct buckets of each sentence; of at most ``MOST``, none empty."""
    keys = distinct(said)
    return Buckets((keys >> np.uint32(BITS + 1)).astype(np.intp), (keys & np.uint32(BUCKETS - 1)).astype(np.intp))


def distinct(said: Sequence[str]) -> NDArray[np.uint32]:
    """The same, rising: number of the sentence times ``BUCKETS``, plus the bucket."""
    # A blank before and behind, so that a word at an end has the n-grams of a word in the middle.
    codes = np.frombuffer(f" {'  '.join(said)} ".encode("utf-32-le", "replace"), np.uint32)
    lengths = np.fromiter(map(len, said), np.intp, len(said)) + 2
    owner = np.repeat(np.arange(len(said), dtype=np.uint32) << np.uint32(BITS + 1), lengths)
    keys = _sorted(np.concatenate([*_characters(codes, owner), *_words(codes, owner)]))
    first = np.empty(len(keys), np.bool_)
    first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


def _sorted(keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The keys, rising: half by half, the lower one first, since numpy counts numbers of 16 bits instead of comparing.

    That is twice as fast from some thousand keys on.
    """
    if len(keys) < MANY:
        return np.sort(keys)
    keys = keys[keys.astype(np.uint16).argsort(kind="stable")]
    return keys[(keys >> np.uint32(16)).astype(np.uint16).argsort(kind="stable")]


def _characters(codes: NDArray[np.uint32], owner: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    rolled = codes * _PRIME
    mixed, keys = rolled, []
    for order in ORDERS:
        if len(codes) < order:
            break
        mixed = (mixed[:-1] ^ (mixed[:-1] >> np.uint32(15))) * _MIX + rolled[order - 1 :]
        inside = owner[: len(mixed)] == owner[order - 1 :]
        keys.append((((mixed * _ORDER[order]) >> _SHIFT) | owner[: len(mixed)])[inside])
    return keys


def _words(codes: NDArray[np.uint32], owner: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    ids, owners = _word_ids(codes, owner)
    keys = [((ids * _WORD) >> _SHIFT) | owners | np.uint32(WORDS)]
    left = (ids ^ (ids >> np.uint32(13))) * _LEFT
    right = ids * _RIGHT
    for apart in range(1, min(REACH, len(ids) - 1) + 1):
        where = owners[:-apart]
        inside = where == owners[apart:]
        where = where[inside] | np.uint32(WORDS)
        pair = left[:-apart][inside] + right[apart:][inside]
        if apart == 1:
            keys.append(((pair * _PAIR) >> _SHIFT) | where)
        pair ^= pair >> np.uint32(11)
        keys.append(((pair * _SKIP) >> _SHIFT) | where)
    return keys


def _word_ids(codes: NDArray[np.uint32], owner: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """A hash a word, and its sentence: runs of letters and digits, single ideographs and kana, single brackets."""
    kinds = _KINDS[np.minimum(codes, len(_KINDS) - 1)]
    inside = kinds > 0
    starts = inside.copy()
    # A word begins where none was, and at and after whatever stands for itself.
    starts[1:] &= (kinds[:-1] != 1) | (kinds[1:] == 2)
    at = np.flatnonzero(starts)
    if not len(at):
        return np.empty(0, np.uint32), np.empty(0, np.uint32)
    place = np.arange(len(codes))
    place[at[0] :] -= np.repeat(at, np.diff(at, append=len(codes)))
    values = np.where(inside, codes * _POWERS[np.minimum(place, LONGEST + 1)], np.uint32(0))
    return np.add.reduceat(values, at, dtype=np.uint32), owner[at]


def _kinds() -> NDArray[np.uint8]:
    """0 between words, 1 in a word, 2 a word by itself; the last entry stands for all beyond."""
    kinds = np.ones(0x10000, np.uint8)
    kinds[:0xAA] = 0
    for first, last in ((ord("0"), ord("9")), (ord("a"), ord("z"))):
        kinds[first : last + 1] = 1
    kinds[[ord(symbol) for symbol in '<>[{"']] = 2
    kinds[0x0E00:0x0E80] = 2
    kinds[0x2000:0x2E80] = 0
    kinds[0x2E80:0xAC00] = 2
    kinds[0x3000:0x3040] = 0
    kinds[0xFF00:0xFF66] = 0
    return kinds


_KINDS = _kinds()
