"""Workers: single persons whose programs and questions run over one key, in spells."""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import TYPE_CHECKING

from service.simulate import documents
from service.simulate.account import LEISURE, OFFICE, overlap, paced, sessions
from service.simulate.benign import agents, batches, products
from service.simulate.dice import Dice
from service.simulate.prompts import said, system
from service.simulate.voice import Voice, conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft

_LOOPS = (
    "Give the {thing} a score for how {trait} it is:",
    "In a word, what is this about?",
    "Turn into a sentence for a {person}:",
    "Which {other} does it mention?",
)


def notebook(account: Account) -> Iterator[Draft]:
    """Somebody at a notebook: a loop over some rows, a look, another wording, the same rows again."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 3), dice)

    def cell(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        rows = [documents.line(source, dice, 4) for _ in range(dice.between(5, 60))]
        for _ in range(dice.between(1, 4)):
            question = said(_LOOPS, source, dice)
            length = dice.pick((2, 12, 40))
            for row in rows:
                draft = account.client.single(at, f"{question} {row}", length)
                yield draft
                at += account.client.took(draft.output)
            at += dice.lognormal(200, 0.7)

    return sessions(account, cell, median=80, sigma=1.1, each=60, hours=OFFICE)


def playground(account: Account) -> Iterator[Draft]:
    """Somebody who tunes a prompt: one text, a word changed, drawn again and again at other temperatures."""
    dice = account.dice
    source = account.texts.topic(dice)

    def tuned(at: float) -> Iterator[Draft]:
        prompt, text = system(source, dice, 2), source.say(dice.pick(("task", "write", "ask")), dice)
        for _ in range(dice.between(5, 30)):
            if dice.chance(0.3):
                prompt = f"{prompt} {source.say('sentence', dice)}"
            if dice.chance(0.1):
                text = source.say("write", dice)
            heat = dice.pick((0, 0.3, 0.7, 1.0))
            yield account.client.single(at, text, dice.lognormal(200, 0.5), system=prompt, temperature=heat)
            at += dice.lognormal(40, 0.9)

    return sessions(account, tuned, median=40, sigma=1.0, each=16, hours=OFFICE)


def contractor(account: Account) -> Iterator[Draft]:
    """Somebody who works for several firms over one key: their subjects, questions and small batches by turns."""
    dice = account.dice
    firms = [(account.texts.topic(dice), dice.chance(0.5)) for _ in range(dice.between(2, 5))]
    voice = Voice.draw(dice)

    def batch(at: float) -> Iterator[Draft]:
        source = dice.pick(firms)[0]
        prompt, n = system(source, dice, 2), dice.between(8, 80)
        length = dice.pick((4, 60, 200))
        return paced(
            account, at, n, 2,
            lambda now: account.client.single(
                now, documents.letter(source, dice), dice.lognormal(length, 0.4), system=prompt
            ),
        )  # fmt: skip

    def worked(at: float) -> Iterator[Draft]:
        source, batches_too = dice.pick(firms)
        if batches_too and dice.chance(0.3):
            return batch(at)
        return conversation(account, at, voice, source, turns=dice.between(1, 9))

    return sessions(account, worked, median=70, sigma=1.1, each=9, hours=OFFICE)


def learner(account: Account) -> Iterator[Draft]:
    """Somebody who learns a language: a sentence to say, its mistakes, the next one, every evening."""
    dice = account.dice
    source = dice.pick(account.texts.languages)
    voice = Voice.draw(dice)

    def lesson(at: float) -> Iterator[Draft]:
        prompt = f"Correct my sentence and go on talking. Level {dice.pick(('A1', 'A2', 'B1', 'B2'))}."
        return conversation(account, at, voice, source, turns=dice.between(6, 30), system=prompt, answer=60, pause=40)

    return sessions(account, lesson, median=30, sigma=0.7, each=15, hours=LEISURE)


def hackathon(account: Account) -> Iterator[Draft]:
    """A team that builds something in a weekend: a new key at once at full use, everything tried, at night too."""
    dice = account.dice
    behaviours = (
        agents.coding, products.writer, batches.classify, products.retrieval, playground, notebook, batches.describe,
    )  # fmt: skip
    chosen = [behaviours[i] for i in dice.order(len(behaviours))[: dice.between(3, 5)]]
    member = replace(
        account, floor=max(1, account.floor // len(chosen)), ceiling=max(20, account.ceiling // len(chosen))
    )
    # Each has dice of its own: streams that are merged take turns in an order that must not matter.
    streams = [behave(replace(member, dice=Dice(dice.below(2**32)))) for behave in chosen]
    return heapq.merge(*streams, key=lambda draft: draft.at)


def weekend(account: Account) -> Iterator[Draft]:
    """A hobby: nothing for most of the day, then a few hours of code and questions."""
    dice = account.dice
    source, voice = account.texts.topic(dice), Voice.draw(dice)

    def spell(at: float) -> Iterator[Draft]:
        talks = [(at + dice.exponential(3000), dice.between(2, 10)) for _ in range(dice.between(2, 6))]
        return overlap(
            (start, conversation(account, start, voice, source, turns=turns)) for start, turns in sorted(talks)
        )

    return sessions(account, spell, median=28, sigma=0.8, each=25, active=0.6, hours=LEISURE)
