"""Episode: one account to be made, and its requests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from service.bench.episodes import folds
from service.bench.suite import BenchError
from service.simulate.account import DAY
from service.simulate.attacks.evasion import mixed
from service.simulate.dice import Dice
from service.simulate.kinds import ALL, ATTACKS
from service.simulate.population import START, Mix, drawn, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.bench.episodes.library import Library
    from service.simulate.account import Account
    from service.simulate.client import Draft
    from service.simulate.texts import Texts

ATTEMPTS = 12
"""Accounts drawn until one sends something: many kinds rest on some days."""
RHYTHMIC = 0.5
"""Share of accounts that take their hours from known arrivals where there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One account: what it does, how long and how much."""

    number: int
    """With the seed, all its chance."""
    kind: str
    seed: int
    share: float = 1.0
    """Of the harvest among its requests; without meaning for the honest."""
    cover: str = ""
    """Honest kind that the rest of its requests are of, where the share is below 1."""
    before: str = ""
    """Honest kind that the account is of on its first day, where it begins its own on the second."""
    days: int = 1
    floor: int = 1
    ceiling: int = 2000
    """Requests a day, about."""

    @property
    def attack(self) -> bool:
        """Whether it harvests."""
        return self.kind in ATTACKS

    @property
    def hard(self) -> bool:
        """Whether it is honest and hard to tell."""
        return ALL[self.kind].hard

    @property
    def fold(self) -> int:
        """Where its kind and its sources belong."""
        return folds.fold(self.kind)


def records(episode: Episode, library: Library) -> tuple[str, Iterator[dict[str, Any]]]:
    """The source of its texts, and its query records in order of arrival."""
    source, texts, honest, rhythm = _ground(episode, library)
    mix = Mix(days=episode.days, start=START, floor=episode.floor, ceiling=episode.ceiling, rhythm=rhythm)
    for attempt in range(ATTEMPTS):
        own = (episode.seed, episode.number, attempt)
        member = drawn(mix, texts, episode.kind, attack=episode.attack, own=(*own, 8), group=(*own, 9))
        # An organisation would be a second entity for the same requests, and no signal reads an address.
        member = replace(member, account=replace(member.account, org="", ip=""))
        drafts = iter(member.limited(_behaviour(episode, honest)(member.account)))
        first = next(drafts, None)
        if first is not None:
            return source, sent([(member, chain([first], drafts))])
    raise BenchError(f"kind '{episode.kind}' sent nothing in {ATTEMPTS} attempts of {episode.days} days")


def _ground(episode: Episode, library: Library) -> tuple[str, Texts, Texts, tuple[float, ...]]:
    """Source, its texts, those of the cover, and hours."""
    dice = Dice(episode.seed, episode.number, 7)
    source, texts = library.texts(episode.fold, dice, attack=episode.attack, hard=episode.hard)
    _, honest = library.texts(episode.fold, dice, attack=False)
    rhythm = dice.pick(library.rhythms) if library.rhythms and dice.chance(RHYTHMIC) else ()
    return source, texts, honest, rhythm


def _behaviour(episode: Episode, honest: Texts) -> Callable[[Account], Iterator[Draft]]:
    own = ALL[episode.kind].behave
    if episode.before:
        return partial(_begun, before=ALL[episode.before].behave, then=own)
    if not episode.cover:
        return own
    return partial(mixed, harvesting=own, cover=ALL[episode.cover].behave, share=episode.share, honest=honest)


def _begun(
    account: Account, *, before: Callable[[Account], Iterator[Draft]], then: Callable[[Account], Iterator[Draft]]
) -> Iterator[Draft]:
    """One behaviour on the first day, another from the first midnight on."""
    first, rest = Dice(account.dice.below(2**32)), Dice(account.dice.below(2**32))
    midnight = account.start + DAY
    yield from (draft for draft in before(replace(account, dice=first, days=1)) if draft.at < midnight)
    yield from then(replace(account, dice=rest, start=midnight, days=account.days - 1))
