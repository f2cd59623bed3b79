"""System prompts and instructions, as product teams write them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from service.simulate.grammar import Phrase

if TYPE_CHECKING:
    from service.simulate.dice import Dice
    from service.simulate.texts import Source

_ROLES = (
    "You are {name}, [a|the|an expert] [assistant|helper|guide] [for|of] {person}s[ who want to {does}||].",
    "Act as [a|an experienced] {person}. [You help users {does}.|You answer questions about {thing} and {other}.]",
    "[Assistant|System] rules for {name}: [be brief|answer politely|stay on {thing}].",
    "You are a helpful assistant[ for {name}| named {name}||].",
    "{name} is [an app|a service|a website] about {thing}. You [are its assistant|write its answers|talk to users].",
)
_RULES = (
    "[Never|Do not] [discuss|mention] {other}[ unless asked||].",
    "[Always|If possible,] [ask one question back|cite the source|answer in the user's language|use short paragraphs].",
    "If {trouble}, [hand over to a {person}|say that you do not know|ask for details].",
    "[Keep|Limit] answers [under|to] {n}0 words.",
    "The tone is [friendly|formal|playful|neutral][ and {trait}||].",
    "When the user wants to {does}, [list the steps|check the {thing} first|link the help page].",
    "Today's offer: {n} per cent off every {thing}.",
)
NAMES = (
    "Quill",
    "Ferris",
    "Brightdesk",
    "Oakline",
    "Tally",
    "Harbor",
    "Plume",
    "Nimbus",
    "Lantern",
    "Copperleaf",
    "Mosaic",
    "Juniper",
    "Beacon",
    "Saltbox",
    "Fathom",
    "Wren",
    "Tandem",
    "Thistle",
    "Cobble",
    "Marlow",
)


@cache
def _phrases(templates: tuple[str, ...]) -> list[Phrase]:
    return [Phrase(template) for template in templates]


def said(templates: tuple[str, ...], source: Source, dice: Dice) -> str:
    """One of the templates, filled with the source's words."""
    words = {**source.words, "name": (dice.pick(NAMES),)}
    return dice.pick(_phrases(templates)).say(dice, words)


def system(source: Source, dice: Dice, rules: int = 3) -> str:
    """A system prompt."""
    lines = [said(_ROLES, source, dice)] + [said(_RULES, source, dice) for _ in range(rules)]
    return dice.pick((" ", "\n", "\n- ")).join(lines)
