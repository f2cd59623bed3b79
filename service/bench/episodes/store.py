"""Store: the accounts that suites learn from, measured once a run of the bench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.baseline import Baselines
from detectors.core.combiner import Combiner
from service.bench.episodes import plan
from service.bench.episodes.known import Known
from service.bench.episodes.library import Library
from service.bench.episodes.measure import measured

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.bench.episodes.episode import Episode
    from service.bench.episodes.measure import Measured
    from service.bench.suite import Given

EACH = 62
"""Accounts of each kind: of three folds of four a quarter are examples for the combiner, and half of the others
calibrate, which is enough for a budget of 1 in 1,000."""
HARVESTS = 8
"""Harvests of each kind and share."""
LEARNT_SHARES = (0.25, 0.5, 1.0)

_held: dict[tuple[Path | None, int, bool, str], list[Measured]] = {}


def library(given: Given) -> Library:
    """The texts of this run."""
    return Library(given.corpora)


def shipped(given: Given) -> Known:
    """The baseline that is given, else the one that ships, and the combiner that ships."""
    return Known(Baselines.load(given.baseline) if given.baseline else Baselines.default(), Combiner.default())


def known(given: Given) -> list[Measured]:
    """Benign accounts of every kind to learn from."""
    volume, each = (plan.SMALL, 2) if given.quick else (plan.LEARNT, EACH)
    episodes = plan.benign(given.seed + plan.KNOWN, volume, ordinary_each=each, hard_each=each)
    return _kept(given, "accounts to learn from", episodes)


def harvests(given: Given) -> list[Measured]:
    """Harvests of every kind to learn from, more and less hidden."""
    volume, each = (plan.SMALL, 1) if given.quick else (plan.LEARNT, HARVESTS)
    episodes = plan.attacks(given.seed + plan.KNOWN_HARVESTS, volume, each=each, shares=LEARNT_SHARES)
    return _kept(given, "harvests to learn from", episodes)


def _kept(given: Given, what: str, episodes: Sequence[Episode]) -> list[Measured]:
    key = given.corpora, given.seed, given.quick, what
    if key not in _held:
        _held[key] = measured(episodes, library(given), given, what)
    return _held[key]
