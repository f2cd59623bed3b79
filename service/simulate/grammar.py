"""Grammar: sentences out of templates with choices and slots.

``[a|b||]`` is one of its alternatives, which may nest; ``{name}`` is a slot, filled from the list of that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.simulate.dice import Dice

_SPECIAL = "[]|{}"


class Phrase:
    """A template, taken apart once."""

    __slots__ = ("_parts",)

    def __init__(self, template: str) -> None:
        self._parts, rest = _sequence(template, 0)
        if rest != len(template):
            raise ValueError(f"invalid phrase '{template}': unexpected '{template[rest]}' at {rest}")

    def say(self, dice: Dice, words: Mapping[str, Sequence[str]]) -> str:
        """One sentence."""
        said: list[str] = []
        _say(self._parts, said, dice, words)
        return "".join(said)


class Slot(str):
    """Name of the list that fills it."""

    __slots__ = ()


def _say(parts: Sequence[object], said: list[str], dice: Dice, words: Mapping[str, Sequence[str]]) -> None:
    for part in parts:
        if type(part) is str:
            said.append(part)
        elif isinstance(part, Slot):
            said.append(dice.pick(words[part]))
        else:
            _say(dice.pick(part), said, dice, words)  # type: ignore[arg-type]


def _sequence(template: str, at: int) -> tuple[list[object], int]:
    parts: list[object] = []
    while at < len(template) and template[at] not in "]|":
        if template[at] == "[":
            choice, at = _choice(template, at + 1)
            parts.append(choice)
        elif template[at] == "{":
            end = template.index("}", at)
            parts.append(Slot(template[at + 1 : end]))
            at = end + 1
        else:
            end = min((i for c in _SPECIAL if (i := template.find(c, at)) >= 0), default=len(template))
            parts.append(template[at:end])
            at = end
    return parts, at


def _choice(template: str, at: int) -> tuple[list[list[object]], int]:
    options: list[list[object]] = []
    while True:
        option, at = _sequence(template, at)
        options.append(option)
        if at >= len(template):
            raise ValueError(f"invalid phrase '{template}': a [ is not closed")
        at += 1
        if template[at - 1] == "]":
            return options, at
