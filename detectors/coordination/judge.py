"""Judge: how much a group is like a campaign, and how often an honest group is as much like one.

The score is a logistic regression over the quantities of ``group.measure`` with weights that may not be negative, so
nothing that speaks for a campaign can ever speak against it. Its p-value is conformal: of the honest groups that were
kept apart from the fit, each with its highest score, the share that scores as high. A candidate is chosen by the same
rule in both, so the bound is per candidate. Beyond the highest honest groups, where counts end, the tail of their
log-odds is taken to fall off exponentially [^1], and for no more than another factor of ten.

References
----------
[^1]: Pickands, J., 1975. Statistical Inference Using Extreme Order Statistics. Annals of Statistics.
"""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.coordination.group import MEASURES
from detectors.core.calibration import clopper_pearson
from detectors.core.combiner_fit import bounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.core.calibration import Interval

FILE = Path(__file__).parents[1] / "data" / "campaigns.npz"
TAIL = 20
"""Honest groups, the highest, that the tail is told from."""
BEYOND = 10
"""Times the honest groups that there are, for which the tail is believed at most."""
ARRAYS = ("weights", "centre", "scale", "benign", "shown", "tied")
"""Of the judge, in order."""
PENALTY = 1.0
"""Ridge, in units of one group's loss."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one group."""

    score: float
    """In [0, 1]."""
    p_value: float
    """Share of honest groups that score at least this much, of n + 1."""
    n: int
    rarity: tuple[float, ...]
    """By measure: share of honest groups that show at least as much of it."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Weights and what honest groups show."""

    constant: float
    weights: NDArray[np.float64]
    """Of the measures, in units of ``scale``."""
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    benign: NDArray[np.float64]
    """Highest score of each honest group of the calibration, rising."""
    shown: NDArray[np.float64]
    """Their measures at that moment, each column rising, shape (n, len(MEASURES))."""
    tied: NDArray[np.float64]
    """How much their accounts are tied otherwise, likewise, shape (n, len(TIES)). No score is made of it."""
    about: Mapping[str, Any]
    _scores: list[float] = field(init=False, repr=False, compare=False)
    """As ``benign``; looked up in a list it costs a tenth."""
    _beyond: tuple[float, float] | None = field(init=False, repr=False, compare=False)
    """Log-odds from which the tail is told, and how far the highest are above it, on average; None where there are
    too few, or they are all alike."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_scores", self.benign.tolist())
        told = len(self.benign) > TAIL and self.benign[-1] != self.benign[-TAIL - 1]
        least = _odds(self.benign[-TAIL - 1]) if told else np.float64(0.0)
        over = (float(least), float((_odds(self.benign[-TAIL:]) - least).mean())) if told else None
        object.__setattr__(self, "_beyond", over)

    @property
    def version(self) -> str:
        """Of everything that decides a verdict."""
        parts = (np.array([self.constant]), self.weights, self.centre, self.scale, self.benign)
        return hashlib.blake2b(b"".join(part.tobytes() for part in parts), digest_size=6).hexdigest()

    def score(self, measures: NDArray[np.float64]) -> float:
        """In [0, 1], high is suspicious."""
        return float(1.0 / (1.0 + np.exp(-self._margin(measures))))

    def judge(self, measures: NDArray[np.float64]) -> Verdict:
        """Score and p-value of a group's measures."""
        score = self.score(measures)
        return Verdict(score, self.p_value(score), len(self.benign), _rarity(self.shown, measures))

    def tie_rarity(self, ties: NDArray[np.float64]) -> tuple[float, ...]:
        """By tie: share of honest groups whose accounts share at least as much infrastructure, of n + 1."""
        return _rarity(self.tied, ties)

    def p_value(self, score: float) -> float:
        """Share of honest groups that score at least this much, of n + 1."""
        n = len(self._scores)
        return (n - bisect_left(self._scores, score) + 1) / (n + 1)

    def tail(self, score: float) -> float:
        """Share of honest groups that score at least this much, also where none of those kept apart does."""
        n = len(self._scores)
        if self._beyond is None or score <= self._scores[-TAIL - 1]:
            return self.p_value(score)
        least, excess = self._beyond
        over = (float(_odds(np.float64(score))) - least) / excess
        return max((TAIL + 1) / (n + 1) * math.exp(-over), 1 / (BEYOND * (n + 1)))

    def rate(self, score: float) -> Interval:
        """Observed share of honest groups that score at least this much, with its 95 % interval."""
        n = len(self.benign)
        return clopper_pearson(n - int(np.searchsorted(self.benign, score, "left")), n)

    def save(self, path: Path) -> None:
        """Write it as arrays and one JSON document."""
        arrays = {name: getattr(self, name) for name in ARRAYS}
        np.savez_compressed(path, about=json.dumps(dict(self.about)), constant=self.constant, **arrays)

    @classmethod
    def load(cls, path: Path) -> Judge:
        """What ``save`` wrote."""
        with np.load(path, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            if about["measures"] != list(MEASURES):
                raise ValueError(f"{path} was fitted with other measures: {about['measures']}")
            return cls(constant=float(held["constant"]), about=about, **{name: held[name] for name in ARRAYS})

    def _margin(self, measures: NDArray[np.float64]) -> float:
        return float(self.constant + self.weights @ np.clip((measures - self.centre) / self.scale, -4.0, 4.0))


@cache
def default() -> Judge:
    """The one that ships."""
    return Judge.load(FILE)


def fit(
    honest: Sequence[NDArray[np.float64]],
    harvests: Sequence[NDArray[np.float64]],
    kept: Sequence[NDArray[np.float64]],
    *,
    about: Mapping[str, Any],
) -> Judge:
    """The judge that tells honest groups from campaigns' groups.

    Parameters
    ----------
    honest, harvests
        Measures of groups and then their ties, an array (moments, len(MEASURES) + len(TIES)) each; every group counts
        alike, and the ties for nothing.
    kept
        Honest groups kept apart, for the p-values.
    about
        Command, seed and licences, kept in the file.

    """
    groups = [*honest, *harvests]
    width = len(MEASURES)
    points = np.concatenate(groups)[:, :width]
    truth = np.repeat([False] * len(honest) + [True] * len(harvests), [len(group) for group in groups])
    sides = np.where(truth, 1.0 / len(harvests), 1.0 / len(honest))
    weights = sides / np.repeat([len(group) for group in groups], [len(group) for group in groups])
    centre, scale = points.mean(axis=0), points.std(axis=0) + 1e-9
    scaled = np.clip((points - centre) / scale, -4.0, 4.0)
    found = bounded(scaled, truth, weights * len(truth) / weights.sum(), penalty=PENALTY)
    none = np.empty((0, 0))
    bare = Judge(float(found[0]), found[1:], centre, scale, np.empty(0), none, none, about)
    best = np.array([max(group, key=lambda at: bare.score(at[:width])) for group in kept])
    shown = np.sort(best, axis=0)
    return replace(
        bare, benign=np.sort([bare.score(at[:width]) for at in best]), shown=shown[:, :width], tied=shown[:, width:],
        about={**about, "measures": list(MEASURES)},
    )  # fmt: skip


def _odds(score: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    bounded = np.clip(score, 1e-12, 1.0 - 1e-12)
    return np.asarray(np.log(bounded / (1.0 - bounded)))


def _rarity(columns: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, ...]:
    """Of each value the share of the column, rising, that is at least as much, of n + 1."""
    n = len(columns)
    return tuple(
        (n - int(np.searchsorted(column, value, "left")) + 1) / (n + 1)
        for column, value in zip(columns.T, values.tolist(), strict=True)
    )
