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
KNOWN, KNOWN_HARVESTS, TESTED, HARVESTED = 1_000, 2_000, 3_000, 4_000
"""Added to the seed: accounts that are learnt from are never those that a figure is about."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Queries that accounts send a day, about, at least and at most."""

    ordinary: tuple[int, int] = (30, 600)
    hard: tuple[int, int] = (120, 600)
    heavy: tuple[int, int] = (200, 600)
    """Of every ``heavy_every``-th account of a kind, so that light traffic has its heavy users too."""
    heavy_every: int = 8
    harvest: tuple[int, int] = (150, 450)
    slow: tuple[int, int] = (30, 90)
    """Of low and slow, over ``SLOW_DAYS``."""
    every: int = 1
    """Only each so-manieth kind, for a quick run."""


NATURAL = Volume()
LEARNT = Volume((20, 60), (40, 90), harvest=(80, 250))
"""What is learnt from: lighter, since there is more of it."""
SMALL = Volume((20, 45), (20, 45), (40, 60), harvest=(40, 50), slow=(10, 14), every=3)
"""For a quick run."""
SLOW_DAYS = 4


def benign(seed: int, volume: Volume, *, ordinary_each: int, hard_each: int, days: int = 1) -> list[Episode]:
    """Honest accounts, so many of each kind."""
    kinds = [(kind, volume.ordinary, i) for kind in ordinary()[:: volume.every] for i in range(ordinary_each)]
    kinds += [(kind, volume.hard, i) for kind in hard()[:: volume.every] for i in range(hard_each)]
    drawn = []
    for number, (kind, usual, i) in enumerate(kinds):
        floor, ceiling = volume.heavy if i % volume.heavy_every == volume.heavy_every - 1 else usual
        drawn.append(Episode(number=number, kind=kind, seed=seed, days=days, floor=floor, ceiling=ceiling))
    return drawn


def shifts(seed: int, volume: Volume, kinds: Sequence[str], *, each: int) -> list[Episode]:
    """Accounts of an ordinary kind that begin one of these on their second day; both of one fold."""
    drawn = []
    for number, (kind, turn) in enumerate((kind, turn) for kind in kinds for turn in range(each)):
        known = [name for name in covers(kind) if name != kind]
        floor, ceiling = volume.heavy if turn % volume.heavy_every == volume.heavy_every - 1 else volume.hard
        before = known[turn % len(known)]
        drawn.append(Episode(number=number, kind=kind, before=before, seed=seed, days=2, floor=floor, ceiling=ceiling))
    return drawn


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
