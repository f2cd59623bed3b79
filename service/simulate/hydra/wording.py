"""Wording: the instruction that a campaign sends along, drawn so that each campaign has its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from service.simulate.grammar import Phrase
from service.simulate.texts import data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.simulate.dice import Dice

_TAGS = ("scratch", "inner", "trace", "work", "notes", "path", "mind", "log")
_MARKS = ("FINAL:", "RESULT:", "ANSWER >>", "OUT:", "DONE:", "=>")


def wordings(n: int, dice: Dice) -> Sequence[str]:
    """``n`` different wordings of one instruction; the tag and the mark that a parser needs are in all of them."""
    words = {"tag": (dice.pick(_TAGS),), "mark": (dice.pick(_MARKS),)}
    forms = _forms("instruct")
    found: dict[str, None] = {}
    while len(found) < n:
        found[forms[len(found) % len(forms)].say(dice, words)] = None
    return list(found)


def clean(dice: Dice) -> str:
    """An instruction to tidy or to grade an answer that was captured."""
    return dice.pick(_forms("clean")).say(dice, {})


def reveal(dice: Dice) -> str:
    """An instruction to lay open the reasoning that was sent along."""
    return dice.pick(_forms("reveal")).say(dice, {})


@cache
def _forms(name: str) -> Sequence[Phrase]:
    return [Phrase(form) for form in data("wordings.yaml")[name]]
