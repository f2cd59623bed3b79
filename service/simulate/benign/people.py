"""People: chats of single persons, and a course whose students get the same exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.account import LEISURE, OFFICE, overlap
from service.simulate.prompts import system
from service.simulate.voice import Voice, conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft


def chat(account: Account) -> Iterator[Draft]:
    """A person who asks a few things a day, and goes on asking; a few do so all day."""
    dice = account.dice
    voice = Voice.draw(dice)
    foreign = dice.chance(0.18)
    sources = [dice.pick(account.texts.languages)] if foreign else account.texts.some(dice.between(1, 8), dice)
    prompt = system(sources[0], dice, dice.below(3)) if dice.chance(0.3) else ""
    hours = LEISURE if dice.chance(0.6) else OFFICE
    length = dice.lognormal(3.5, 0.4)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            if dice.chance(0.85):
                for at in account.times(day, max(1, round(account.volume(24, 1.0) / length)), hours):
                    turns = max(1, round(dice.lognormal(length, 0.7)))
                    yield at, conversation(account, at, voice, dice.pick(sources), turns=turns, system=prompt)

    return overlap(begun())


def course(account: Account) -> Iterator[Draft]:
    """A student: the group works on the same exercise sheet, each in words of their own, near the deadline."""
    shared, dice = account.shared(), account.dice
    source = account.texts.topic(shared)
    prompt = system(source, shared, 4)
    kind = shared.pick(("task", "problem", "ask"))
    sheet = [source.say(kind, shared) for _ in range(8)]
    hours = [shared.below(24) for _ in range(3)]
    voice = Voice.draw(dice)
    rush = tuple(8.0 if hour in hours else 0.2 for hour in range(24))

    def exercise(at: float) -> Iterator[Draft]:
        first = {"role": "user", "content": dice.pick(sheet)}
        answer = {"role": "assistant", "content": source.prose(5, dice)}
        draft = account.client.ask(at, [first], dice.lognormal(250, 0.6), system=prompt, user=account.name)
        yield draft
        yield from conversation(
            account,
            at + dice.lognormal(90, 0.8),
            voice,
            source,
            turns=dice.between(1, 6),
            system=prompt,
            user=account.name,
            extra=[first, answer],
        )

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for at in account.times(day, dice.between(1, 5), rush):
                yield at, exercise(at)

    return overlap(begun())
