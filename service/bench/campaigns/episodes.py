"""Episodes: honest traffic of a few hundred accounts and a crowd, many times over, in which nothing is to be found."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from service.bench.campaigns import judge
from service.bench.campaigns.linking import linked
from service.bench.campaigns.prints import printed
from service.garbage import seldom_collected
from service.simulate.hydra.crowds import CROWDS
from service.simulate.hydra.stream import Scene, records
from service.simulate.texts import own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EPISODES = 300
ACCOUNTS, DAYS = 420, 5
LEAST_QUERIES, LEAST_ACCOUNTS = 20_000, 400
SEED = 50_000
"""Away from the seeds of anything that was fitted on."""


@dataclass(frozen=True, slots=True)
class Episode:
    """What came of one."""

    crowd: str
    """Which honest crowd was in it, beside the background."""
    accounts: int
    queries: int
    false: int
    """Campaigns flagged at medium or above."""

    @property
    def counts(self) -> bool:
        """Whether it is as large as an episode must be."""
        return self.queries >= LEAST_QUERIES and self.accounts >= LEAST_ACCOUNTS


def episodes(n: int, *, seed: int, say: Callable[[str], None] = lambda _: None) -> Iterator[Episode]:
    """``n`` episodes, each with another seed, over the cores that this process may use."""
    numbers = range(SEED + 1000 * seed, SEED + 1000 * seed + n)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if min(cores, n) == 1:
        done = map(_episode, numbers)
        yield from _told(done, n, say)
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield from _told(pool.map(_episode, numbers), n, say)


def _told(done: Iterator[Episode], n: int, say: Callable[[str], None]) -> Iterator[Episode]:
    for number, episode in enumerate(done, 1):
        if number % max(1, n // 10) == 0:
            say(f"campaigns: {number:,} of {n:,} benign episodes")
        yield episode


def _episode(seed: int) -> Episode:
    crowd = list(CROWDS.values())[seed % len(CROWDS)]
    scene = Scene(crowds=[crowd], background=ACCOUNTS, days=DAYS)
    with seldom_collected():
        found = linked(printed(records(seed, scene, own())))
    return Episode(crowd.name, found.truth.honest_accounts, found.truth.honest, len(judge.false(found)))
