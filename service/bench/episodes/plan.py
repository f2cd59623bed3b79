"""Plan: which episodes a suite is about, and which ones a baseline is learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.bench.episodes.episode import Episode
from service.bench.episodes.folds import covers, hard, harvests, ordinary

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Of the harvest among an account's requests."""
KNOWN, TESTED, HARVESTED = 1_000, 2_000, 3_000
"""Added to the seed: accounts that are learnt from are never those that a figure is about."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Queries that accounts send a day, about, at least and at most."""

    ordinary: tuple[int, int] = (30, 800)
    hard: tuple[int, int] = (120, 800)
    harvest: tuple[int, int] = (150, 600)
    slow: tuple[int, int] = (30, 90)
    """Of low and slow, over ``SLOW_DAYS``."""
    every: int = 1
    """Only each so-manieth kind, for a quick run."""


NATURAL = Volume()
LEARNT = Volume((20, 300), (60, 400))
"""What is learnt from: lighter, since there is more of it."""
SMALL = Volume((20, 45), (20, 45), (40, 50), (10, 14), every=3)
"""For a quick run."""
SLOW_DAYS = 4


def benign(seed: int, volume: Volume, *, ordinary_each: int, hard_each: int, days: int = 1) -> list[Episode]:
    """Honest accounts, so many of each kind."""
    kinds = [(kind, volume.ordinary) for kind in ordinary()[:: volume.every] for _ in range(ordinary_each)]
    kinds += [(kind, volume.hard) for kind in hard()[:: volume.every] for _ in range(hard_each)]
    return [
        Episode(number=number, kind=kind, seed=seed, days=days, floor=floor, ceiling=ceiling)
        for number, (kind, (floor, ceiling)) in enumerate(kinds)
    ]


def attacks(seed: int, volume: Volume, *, each: int, shares: Sequence[float] = SHARES) -> list[Episode]:
    """Harvests of every kind at every share, in honest use of kinds of their own fold."""
    drawn = [
        _attack(seed, volume, kind, share, turn=i + each * step)
        for step, share in enumerate(shares)
        for kind in harvests()[:: volume.every]
        for i in range(each)
    ]
    return [replace(episode, number=number) for number, episode in enumerate(drawn)]


def _attack(seed: int, volume: Volume, kind: str, share: float, *, turn: int) -> Episode:
    hidden_in = covers(kind)
    cover = hidden_in[turn % len(hidden_in)] if share < 1 else ""
    days, (floor, ceiling) = (SLOW_DAYS, volume.slow) if kind == "slow" else (1, volume.harvest)
    return Episode(number=0, kind=kind, seed=seed, share=share, cover=cover, days=days, floor=floor, ceiling=ceiling)
