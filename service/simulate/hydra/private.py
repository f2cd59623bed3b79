"""Private: instructions that one maker wrote for one program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.simulate.dice import Dice
    from service.simulate.hydra.speech import Speech

_ROLES = (
    "{thing} [desk|helper|bot|guide] for {person2}s who {does}.",
    "[Act as|You are] the {trait} {person} of a [shop|school|clinic|team] with {thing2}.",
    "{person2}s [write|come|ask] here about {thing} and {other2}.",
)
_RULES = (
    "{thing} [only|first], [no|never] {trait2} {thing2}.",
    "When {trouble}, [send|point|refer] them to the {person2}.",
    "[Mention|Avoid|Cite] {other} [once|twice|sparingly] and {does2}.",
    "{n} words[ at most| or fewer||], {trait2} [tone|style] for {person2}s.",
)
_FRAMES = (
    "[Pick|Choose|Assign] {thing}, {other} or {thing2} for the [entry|note|line] [below|here].\n\n{text}",
    "{trait} or {trait2}? [One word|Label only] for the {thing} [entry|note].\n\n{text}",
    "{text}\n\n[Which|What] {thing} [is meant|does it name], for {person2}s with {other2}?",
    "[Pull|Get|List] {thing} and {other2} [out of|from] this {person}'s [note|report] as [JSON|a table].\n\n{text}",
    "{text}\n\n[Shorten|Sum up] for a {person2} who [must|wants to] {does2}.",
)


def instruction(speech: Speech, dice: Dice) -> str:
    """A system prompt."""
    rules = (speech.phrase(_RULES, dice) for _ in range(dice.between(1, 4)))
    return " ".join([speech.phrase(_ROLES, dice), *rules])


def frame(speech: Speech, dice: Dice) -> str:
    """A prompt with ``{0}`` where the record goes."""
    forms = tuple(form.replace("{text}", "\x00") for form in _FRAMES)
    return speech.phrase(forms, dice).replace("{", "(").replace("}", ")").replace("\x00", "{0}")
