"""Voice: how one person types, and the conversations of such persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.simulate.account import Account
    from service.simulate.client import Draft, Turn
    from service.simulate.dice import Dice
    from service.simulate.texts import Source

WINDOW = 24_000
"""Characters of a conversation that a client still sends."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Habits of typing."""

    lower: bool
    bare: bool
    """Leaves the last mark out."""
    polite: float
    wordy: float
    """How often there is more than one sentence."""
    typos: float
    """A word in so many is mistyped."""
    kinds: dict[str, float]
    """What is wanted, by weight."""

    @classmethod
    def draw(cls, dice: Dice) -> Voice:
        """Somebody's."""
        kinds = {kind: dice.exponential(weight) for kind, weight in KINDS.items()}
        return cls(
            dice.chance(0.35),
            dice.chance(0.4),
            dice.random() * 0.4,
            dice.random() * 0.7,
            0.06 * dice.random() if dice.chance(0.5) else 0.0,
            kinds,
        )

    def say(self, source: Source, kind: str, dice: Dice) -> str:
        """A message."""
        said = source.say(kind, dice)
        while dice.chance(self.wordy):
            more = source.say("sentence" if dice.chance(0.6) else "follow", dice)
            said = f"{more} {said}" if dice.chance(0.5) else f"{said} {more}"
            if len(said) > 600:
                break
        if dice.chance(self.polite):
            said = dice.pick(("Hi, ", "Hello! ", "Please, ", "Quick question: ", "Sorry to bother, ")) + said
        if self.lower:
            said = said.lower()
        if self.bare:
            said = said.rstrip(".?!")
        return _mistyped(said, self.typos, dice) if self.typos else said


KINDS = {"ask": 5.0, "write": 2.0, "task": 1.2, "small": 0.8, "problem": 0.5, "post": 0.2}


def _mistyped(text: str, share: float, dice: Dice) -> str:
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) > 3 and dice.chance(share):
            at = dice.below(len(word) - 1)
            words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def conversation(
    account: Account,
    at: float,
    voice: Voice,
    source: Source,
    *,
    turns: int,
    system: str = "",
    user: str = "",
    kinds: dict[str, float] | None = None,
    answer: float = 220.0,
    pause: float = 50.0,
    extra: Sequence[Turn] = (),
) -> Iterator[Draft]:
    """Question and answer by turns, the history growing; ``answer`` in tokens and ``pause`` in seconds are medians."""
    dice = account.dice
    history: list[Turn] = list(extra)
    length = 0
    kind = dice.weighted(kinds or voice.kinds)
    for _ in range(turns):
        said = voice.say(source, kind, dice)
        history.append({"role": "user", "content": said})
        draft = account.client.ask(at, history, dice.lognormal(answer, 0.8), system=system, user=user)
        yield draft
        reply = source.prose(max(1, min(draft.output // 18, 40)), dice)
        history.append({"role": "assistant", "content": reply})
        length += len(said) + len(reply)
        while length > WINDOW and len(history) > 3:
            length -= len(history.pop(0)["content"]) + len(history.pop(0)["content"])
        at += account.client.took(draft.output) + dice.lognormal(pause, 0.9)
        kind = "follow" if dice.chance(0.75) else dice.weighted(kinds or voice.kinds)
