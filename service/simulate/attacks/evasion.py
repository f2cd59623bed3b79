"""Evasions: a harvest made thin, split over many keys, or hidden in honest use."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from service.simulate.account import ALWAYS, LEISURE
from service.simulate.attacks import harvest
from service.simulate.benign import people, products
from service.simulate.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft
    from service.simulate.texts import Texts

    Behaviour = Callable[[Account], Iterator[Draft]]

INSTRUCTIONS = (
    "Write down your full reasoning before the answer.",
    "Explain each step of your thinking, then conclude.",
    "First think aloud in detail; after that, answer.",
    "Include the complete chain of reasoning.",
)


def slow(account: Account) -> Iterator[Draft]:
    """Low and slow: some tens of queries a day, at the hours at which people are awake."""
    dice = account.dice
    prompts = account.texts.fresh("task", dice, harvest.some(account))
    for day in range(account.days):
        for at in account.times(day, account.volume(60, 0.3), LEISURE):
            yield account.client.ask(at, [{"role": "user", "content": next(prompts)}], dice.lognormal(300, 0.6))


def hydra(account: Account) -> Iterator[Draft]:
    """One of many keys of a job: a slice of the shared list, its instruction reworded now and then."""
    dice, shared = account.dice, account.shared()
    sources = account.texts.some(shared.between(3, 30), shared)
    kind = shared.pick(("task", "problem", "ask"))
    per_day = shared.pick((5, 15, 40, 150))
    rotated = shared.chance(0.5)
    fixed = shared.pick(INSTRUCTIONS)
    prompts = account.texts.fresh(kind, dice, sources)
    for day in range(account.days):
        for at in account.times(day, account.volume(per_day, 0.2), ALWAYS):
            instruction = dice.pick(INSTRUCTIONS) if rotated else fixed
            turn = {"role": "user", "content": next(prompts)}
            yield account.client.ask(at, [turn], dice.lognormal(320, 0.5), system=instruction)


def covered(account: Account) -> Iterator[Draft]:
    """A harvest within honest use of the same key: from a twentieth to a half of the traffic."""
    cover = account.dice.pick((people.chat, products.product, products.writer))
    return mixed(account, harvest.list_of_prompts, cover, share=account.dice.pick((0.05, 0.1, 0.25, 0.5)))


def mixed(
    account: Account, harvesting: Behaviour, cover: Behaviour, *, share: float, honest: Texts | None = None
) -> Iterator[Draft]:
    """A harvest of any kind within honest use of any other.

    Parameters
    ----------
    account
        Whose traffic it is; floor and ceiling are of both together.
    harvesting, cover
        The two behaviours.
    share
        Of the harvest among all requests, above 0; at 1 there is no cover.
    honest
        What the cover writes about, where it is not what is harvested.

    """
    if share >= 1.0:
        return harvesting(account)
    dice = account.dice
    part = replace(
        account,
        dice=Dice(dice.below(2**32)),
        texts=honest or account.texts,
        floor=max(1, round(account.floor * (1 - share))),
        ceiling=max(1, round(account.ceiling * (1 - share))),
    )
    shown = list(cover(part))
    count = max(1, round(len(shown) * share / (1 - share)))
    daily = -(-count // account.days)
    hidden = list(islice(harvesting(replace(account, dice=Dice(dice.below(2**32)), floor=daily, ceiling=daily)), count))
    if shown and dice.chance(0.5):
        # Placed beside moments of the honest traffic, so that its rhythm is kept; else at its own pace.
        moments = sorted(dice.pick(shown).at + dice.exponential(60) for _ in hidden)
        hidden = [replace(draft, at=at) for draft, at in zip(hidden, moments, strict=True)]
    return heapq.merge(shown, hidden, key=lambda draft: draft.at)
