"""Account: who calls, with what, and from where; and the pieces that behaviours are put together from."""

from __future__ import annotations

import heapq
from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from service.simulate.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from service.simulate.client import Client, Draft
    from service.simulate.texts import Texts

HOUR, DAY = 3600.0, 86400.0
LEISURE = (1, 0.5, 0.3, 0.2, 0.2, 0.3, 0.8, 1.5, 2, 2, 2, 2.2, 2.5, 2.2, 2, 2, 2.3, 2.6, 3, 3.5, 4, 4, 3.2, 2)
OFFICE = (0.1, 0.05, 0.05, 0.05, 0.1, 0.2, 0.6, 2, 5, 7, 7, 6, 4, 6, 7, 7, 6, 4, 2, 1, 0.7, 0.5, 0.3, 0.2)
ALWAYS = (1,) * 24


@dataclass(frozen=True, slots=True)
class Account:
    """One caller of the population."""

    name: str
    org: str
    ip: str
    client: Client
    dice: Dice
    texts: Texts
    start: float
    """Midnight of the first day, seconds since the epoch."""
    days: int
    zone: float
    """Hours ahead of UTC."""
    ceiling: int
    """Queries a day at most."""
    group: tuple[int, ...]
    """Seed of what the accounts of a group share."""
    floor: int = 1
    """Queries of an active day at least."""
    rhythm: tuple[float, ...] = ()
    """Weight of each hour of the day where it is known from elsewhere; else each behaviour has its own."""

    def volume(self, median: float, sigma: float) -> int:
        """Queries of a day: heavy-tailed, within floor and ceiling."""
        return max(self.floor, min(self.ceiling, round(self.dice.lognormal(median, sigma))))

    def shared(self) -> Dice:
        """Dice that fall alike for every account of the group."""
        return Dice(*self.group)

    def times(self, day: int, n: int, hours: tuple[float, ...] = OFFICE) -> list[float]:
        """``n`` moments of a day in rising order, by the local hours in which people are awake or at work."""
        hours = self.rhythm or hours
        bounds = list(accumulate(hours))
        moments = []
        for share in self.dice.sorted(n):
            mass = share * bounds[-1]
            hour = bisect(bounds, mass)
            within = (mass - (bounds[hour] - hours[hour])) / hours[hour]
            moments.append(self.start + day * DAY + ((hour + within - self.zone) % 24) * HOUR)
        return sorted(moments)


def overlap(begun: Iterable[tuple[float, Iterator[Draft]]]) -> Iterator[Draft]:
    """The drafts of streams that run side by side, in order of time; streams are begun in order and only when due."""
    running: list[tuple[float, int, Draft, Iterator[Draft]]] = []

    def push(number: int, stream: Iterator[Draft]) -> None:
        draft = next(stream, None)
        if draft is not None:
            heapq.heappush(running, (draft.at, number, draft, stream))

    for number, (at, stream) in enumerate(begun):
        while running and running[0][0] <= at:
            _, old, draft, rest = heapq.heappop(running)
            yield draft
            push(old, rest)
        push(number, stream)
    while running:
        _, old, draft, rest = heapq.heappop(running)
        yield draft
        push(old, rest)


def paced(account: Account, at: float, n: int, lanes: int, draft: Callable[[float], Draft]) -> Iterator[Draft]:
    """``n`` requests as a program sends them: ``lanes`` at a time, the next as soon as one is answered."""
    for _ in range(n):
        made = draft(at)
        yield made
        at += account.dice.exponential(account.client.took(made.output) / lanes)


def sessions(
    account: Account,
    session: Callable[[float], Iterator[Draft]],
    *,
    median: float,
    sigma: float = 1.0,
    each: float = 1.0,
    active: float = 1.0,
    hours: tuple[float, ...] = OFFICE,
) -> Iterator[Draft]:
    """What people or their programs begin over every active day: streams of some ``each`` queries, side by side."""

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            if account.dice.chance(active):
                for at in account.times(day, max(1, round(account.volume(median, sigma) / each)), hours):
                    yield at, session(at)

    return overlap(begun())


def cron(
    account: Account,
    run: Callable[[float, int], Iterator[Draft]],
    *,
    every: float,
    median: float,
    sigma: float = 1.0,
    hours: tuple[float, ...] = OFFICE,
) -> Iterator[Draft]:
    """A timer's work: each ``every`` seconds what has come in since, which may be nothing."""
    slots = max(1, round(24 * HOUR / every))
    phase = account.dice.random() * min(every, 600.0)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            midnight = account.start + day * DAY
            found = Counter(
                int((at - midnight) // every) for at in account.times(day, account.volume(median, sigma), hours)
            )
            for slot in range(slots):
                if found[slot]:
                    at = midnight + slot * every + phase
                    yield at, run(at, found[slot])

    return overlap(begun())


def jobs(
    account: Account,
    draft: Callable[[float], Draft],
    *,
    median: float,
    sigma: float = 1.0,
    runs: int = 1,
    active: float = 0.8,
    hours: tuple[float, ...] = OFFICE,
) -> Iterator[Draft]:
    """A program's work of every active day: so many runs, started at some hour, each through its list."""
    lanes = account.dice.pick((1, 2, 4, 8, 8, 16, 32))

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            if account.dice.chance(active):
                n = account.volume(median, sigma)
                for at in account.times(day, runs, hours):
                    yield at, paced(account, at, max(1, n // runs), lanes, draft)

    return overlap(begun())
