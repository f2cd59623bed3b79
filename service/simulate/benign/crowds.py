"""Crowds: many who share a key: a reseller's customers, a class in its lesson."""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import TYPE_CHECKING

from service.simulate.account import DAY, HOUR, overlap
from service.simulate.benign import batches, people, products
from service.simulate.client import Client
from service.simulate.dice import Dice
from service.simulate.prompts import system
from service.simulate.voice import Voice, conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft

TENANTS = (people.chat, people.chat, people.chat, products.product, products.support, products.writer,
           products.retrieval, batches.classify, batches.summarise)  # fmt: skip


def gateway(account: Account) -> Iterator[Draft]:
    """A reseller with consent: the traffic of its customers, of every kind and client, each named by a tenant id."""
    dice = account.dice
    tenants = dice.between(6, 18)
    floor, ceiling = max(1, account.floor // tenants), max(20, account.ceiling // tenants)

    def tenant(number: int) -> Iterator[Draft]:
        own = Dice(dice.below(2**32))
        member = replace(
            account, dice=own, client=Client.draw(own, api=account.client.api), floor=floor, ceiling=ceiling
        )
        return (_named(draft, f"tenant-{number}") for draft in own.pick(TENANTS)(member))

    return heapq.merge(*[tenant(number) for number in range(tenants)], key=lambda draft: draft.at)


def _named(draft: Draft, user: str) -> Draft:
    if draft.path == "/v1/messages":
        draft.request["metadata"] = {"user_id": user}
    elif draft.path != "/v1/embeddings":
        draft.request["user"] = user
    return draft


def classroom(account: Account) -> Iterator[Draft]:
    """A class in its lessons: the same few exercises typed by thirty pupils within an hour, one key for all."""
    dice = account.dice
    source = account.texts.topic(dice)
    prompt = system(source, dice, 3)
    pupils = [Voice.draw(dice) for _ in range(max(4, min(dice.between(12, 36), account.ceiling // 16)))]
    kind = dice.pick(("task", "ask", "problem", "write"))
    named = dice.chance(0.5)

    def pupil(at: float, number: int, exercises: list[str]) -> Iterator[Draft]:
        for exercise in exercises:
            user = f"pupil-{number}" if named else ""
            yield account.client.single(at, exercise, dice.lognormal(200, 0.5), system=prompt, user=user)
            turns = dice.below(4)
            if turns:
                yield from conversation(
                    account, at + dice.lognormal(60, 0.5), pupils[number], source, turns=turns, system=prompt,
                    user=user, kinds={"follow": 2.0, "ask": 1.0},
                )  # fmt: skip
            at += dice.lognormal(500, 0.3)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            lessons = sorted(dice.pick((8, 9, 10, 11, 13, 14)) for _ in range(dice.between(1, 3)))
            for hour in lessons:
                exercises = [source.say(kind, dice) for _ in range(dice.between(2, 4))]
                first = account.start + day * DAY + hour * HOUR
                for at, number in sorted((first + dice.random() * 900, i) for i in range(len(pupils))):
                    yield at, pupil(at, number, exercises)

    return overlap(begun())
