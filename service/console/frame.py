"""Frame: the words that several prompts have in common, in their order, with slots where they differ.

Prompts are cut into words; the group that shares its first or its last words with most others is aligned, one
prompt after another, by longest common blocks (Ratcliff and Obershelp, as in :mod:`difflib`). What stays in every
prompt is the frame. It is drawn from the few prompts that are shown and describes no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = 300
"""Of each prompt; frames are at the ends of what people look at."""
GROUP = 3
"""Prompts that must share a frame."""
EDGE = 3
"""First or last words by which prompts are put together."""
BLOCK = 2
"""Words in a row that count as common; single ones are chance."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of the frame, or a slot."""

    text: str
    """Empty for a slot."""
    characters: int
    """Of the words, or of a slot the longest filling that was seen."""

    @property
    def slot(self) -> bool:
        """Whether prompts differ here."""
        return not self.text


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame and how many of the prompts have it."""

    pieces: tuple[Piece, ...]
    prompts: int

    @property
    def slots(self) -> int:
        """How many there are."""
        return sum(piece.slot for piece in self.pieces)


def frame(prompts: Sequence[str]) -> Frame | None:
    """The frame that most of the prompts share; None where fewer than three share one."""
    split = [words for prompt in prompts if (words := prompt.split()[:WORDS])]
    group = max((_alike(split, words, edge) for words in split for edge in (_first, _last)), key=len, default=[])
    if len(group) < GROUP:
        return None
    common = [group[0]]
    for words in group[1:]:
        common = _kept(common, words)
    fixed = [block for block in common if block]
    if sum(map(len, fixed)) < EDGE:
        return None
    return Frame(tuple(_pieces(fixed, group)), len(group))


def _first(words: list[str]) -> list[str]:
    return words[:EDGE]


def _last(words: list[str]) -> list[str]:
    return words[-EDGE:]


def _alike(split: list[list[str]], words: list[str], edge: object) -> list[list[str]]:
    assert callable(edge)  # noqa: S101 - for the type checker
    return [other for other in split if edge(other) == edge(words)]


def _kept(blocks: list[list[str]], words: list[str]) -> list[list[str]]:
    """What of the blocks is in ``words`` too, in order."""
    kept, at = [], 0
    for block in blocks:
        rest = words[at:]
        for found in SequenceMatcher(None, block, rest, autojunk=False).get_matching_blocks():
            if found.size >= BLOCK or (found.size and len(block) == 1):
                kept.append(block[found.a : found.a + found.size])
                at = len(words) - len(rest) + found.b + found.size
    return kept


def _pieces(fixed: list[list[str]], group: list[list[str]]) -> list[Piece]:
    """The blocks with a slot wherever some prompt has words between two of them."""
    longest = [0] * (len(fixed) + 1)
    for words in group:
        at = 0
        for i, block in enumerate(fixed):
            start = _find(words, block, at)
            longest[i] = max(longest[i], len(" ".join(words[at:start])))
            at = start + len(block)
        longest[-1] = max(longest[-1], len(" ".join(words[at:])))
    pieces = []
    for i, block in enumerate(fixed):
        if longest[i]:
            pieces.append(Piece("", longest[i]))
        text = " ".join(block)
        pieces.append(Piece(text, len(text)))
    if longest[-1]:
        pieces.append(Piece("", longest[-1]))
    return pieces


def _find(words: list[str], block: list[str], start: int) -> int:
    return next((i for i in range(start, len(words)) if words[i : i + len(block)] == block), start)
