"""The generator: text out of a digest, as long as what was asked calls for."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.standin.words import CLASSES, LABELS, PATTERNS

if TYPE_CHECKING:
    from service.standin.ask import Ask

_LOOKED_AT = 2000
"""Characters of instruction and of question that are looked at for what is wanted."""
_LABEL = re.compile(r"classif|\blabels?\b|one word|yes or no|single (?:letter|number)|rate .{0,40}\bfrom \d")
_NAMED = re.compile(r"(?:labels?|categories|classes|one of)[^:\n]{0,40}:\s*([^.\n]{3,400})")
_LENGTHS = (
    (re.compile(r"\b(?:brief|concise|short|one sentence)"), 15, 60),
    (re.compile(r"step by step|thorough|detailed|essay|story|in depth|\b\d\d (?:tasks|diverse|examples)"), 350, 1100),
    (re.compile(r"\b(?:write|generate|create|explain|describe|compose|design)"), 200, 900),
)
_ANYTHING_ELSE = (60, 400)
_LIKE_INPUT = re.compile(r"\b(?:translat|rewrite|paraphrase|correct the|extract|convert)")


@dataclass(frozen=True, slots=True)
class Text:
    """An answer, token by token."""

    pieces: tuple[str, ...]
    cut: bool
    """Whether the limit ended it."""

    def __str__(self) -> str:
        return "".join(self.pieces)


def answer(ask: Ask, index: int = 0) -> Text:
    """The answer with this number to what was asked."""
    chance = random.Random(int.from_bytes(ask.digest, "big") + index)  # noqa: S311 - to be repeatable is the point
    pieces = _label(ask, chance) or _prose(chance, _length(ask, chance))
    if ask.as_json:
        pieces = ['{"answer":', json.dumps("".join(pieces)), "}"]
    if ask.limit is None or len(pieces) <= ask.limit:
        return Text(tuple(pieces), cut=False)
    return Text(tuple(pieces[: ask.limit]), cut=True)


def _wanted(ask: Ask) -> str:
    return f"{ask.instruction[:_LOOKED_AT]}\n{ask.question[:_LOOKED_AT]}".lower()


def _label(ask: Ask, chance: random.Random) -> list[str]:
    wanted = _wanted(ask)
    if not _LABEL.search(wanted):
        return []
    named = _NAMED.search(wanted)
    labels = [label.strip(" \"'`") for label in named[1].split(",")] if named else []
    chosen = chance.choice([label for label in labels if 0 < len(label) <= 40] or LABELS)
    first, *rest = chosen.split()
    return [first, *(f" {word}" for word in rest)]


def _length(ask: Ask, chance: random.Random) -> int:
    wanted = _wanted(ask)
    if _LIKE_INPUT.search(wanted):
        return max(8, int(len(ask.question) / 4 * chance.uniform(0.7, 1.2)))
    low, high = next(((low, high) for what, low, high in _LENGTHS if what.search(wanted)), _ANYTHING_ELSE)
    # Squared: many answers near the low end and a few long ones, as answers are.
    return low + int((high - low) * chance.random() ** 2)


def _prose(chance: random.Random, length: int) -> list[str]:
    pieces: list[str] = []
    while len(pieces) < length:
        lead = "\n\n" if pieces and chance.random() < 0.12 else " "
        for place, symbol in enumerate(chance.choice(PATTERNS)):
            word = chance.choice(CLASSES[symbol]) if symbol in CLASSES else symbol
            if not place:
                pieces.append((lead if pieces else "") + word.capitalize())
            else:
                pieces.append(word if word == "," else f" {word}")
        pieces.append(".")
    return pieces
