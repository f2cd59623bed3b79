"""Store: the accounts that suites learn from, measured once a run of the bench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.baseline import Baselines
from service.bench.episodes import plan
from service.bench.episodes.library import Library
from service.bench.episodes.measure import measured

if TYPE_CHECKING:
    from pathlib import Path

    from service.bench.episodes.measure import Measured
    from service.bench.suite import Given

EACH = 46
"""Accounts of each kind: with three folds of four, half of them for calibration, enough for a budget of 1 in 1,000."""

_held: dict[tuple[Path | None, int, bool], list[Measured]] = {}


def library(given: Given) -> Library:
    """The texts of this run."""
    return Library(given.corpora)


def shipped(given: Given) -> Baselines:
    """The baseline that is given, else the one that ships."""
    return Baselines.load(given.baseline) if given.baseline else Baselines.default()


def known(given: Given) -> list[Measured]:
    """Benign accounts of every kind to learn from."""
    key = given.corpora, given.seed, given.quick
    if key not in _held:
        volume, each = (plan.SMALL, 2) if given.quick else (plan.LEARNT, EACH)
        episodes = plan.benign(given.seed + plan.KNOWN, volume, ordinary_each=each, hard_each=each)
        _held[key] = measured(episodes, library(given), given, "accounts to learn from")
    return _held[key]
