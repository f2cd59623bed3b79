"""Resample: intervals of figures over accounts, when whole kinds and whole sources are drawn again.

Accounts of one kind, and accounts with texts of one source, are alike; so both are drawn with replacement, each for
itself, and an account counts as often as its kind times its source were drawn [^1].

References
----------
[^1]: Owen, A. B., 2007. The pigeonhole bootstrap. Annals of Applied Statistics 1(2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Weights = NDArray[np.float64]

ROUNDS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Scores of accounts, with what each is one of."""

    scores: NDArray[np.float64]
    kinds: NDArray[np.intp]
    sources: NDArray[np.intp]

    @classmethod
    def of(cls, rows: Sequence[tuple[float, str, str]]) -> Sample:
        """Of score, kind and source of every account."""
        scores = np.array([score for score, _, _ in rows], np.float64)
        return cls(scores, _numbered([kind for _, kind, _ in rows]), _numbered([source for _, _, source in rows]))

    def __len__(self) -> int:
        return len(self.scores)

    def drawn(self, random: np.random.Generator) -> Weights:
        """How often each account counts in one round."""
        return _times(self.kinds, random) * _times(self.sources, random)


def _numbered(labels: Sequence[str]) -> NDArray[np.intp]:
    return np.unique(np.asarray(labels, np.str_), return_inverse=True)[1]


def _times(labels: NDArray[np.intp], random: np.random.Generator) -> Weights:
    known = int(labels.max(initial=-1)) + 1
    return np.bincount(random.integers(0, max(known, 1), known), minlength=known)[labels].astype(np.float64)


def found(attack: Sample, benign: Sample, fpr: float, a: Weights, b: Weights) -> float:
    """Weighted share of attacks above the threshold that at most this weighted share of the benign exceeds."""
    if not a.sum() or not b.sum():
        return math.nan
    order = np.argsort(-benign.scores, kind="stable")
    above = np.cumsum(b[order]) / b.sum()
    kept = int(np.searchsorted(above, fpr + 1e-12, "right"))
    threshold = benign.scores[order[kept]] if kept < len(order) else -math.inf
    return float(a[attack.scores > threshold].sum() / a.sum())


def area(attack: Sample, benign: Sample, a: Weights, b: Weights) -> float:
    """Weighted AUROC, ties counted half."""
    if not a.sum() or not b.sum():
        return math.nan
    order = np.argsort(benign.scores, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(b[order])])
    low = below[np.searchsorted(benign.scores[order], attack.scores, "left")]
    high = below[np.searchsorted(benign.scores[order], attack.scores, "right")]
    return float((a * (low + high)).sum() / 2.0 / a.sum() / b.sum())


def interval(
    attack: Sample, benign: Sample, statistic: Callable[[Weights, Weights], float], *, seed: int, rounds: int = ROUNDS
) -> tuple[float, float]:
    """95 % interval of a statistic of both samples' weights."""
    random = np.random.default_rng(seed)
    drawn = [statistic(attack.drawn(random), benign.drawn(random)) for _ in range(rounds)]
    # Drawn values and no means of two: some statistics are infinite at times.
    low, high = np.nanquantile(drawn, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def median(values: NDArray[np.float64], weights: Weights) -> float:
    """Weighted median; infinite values are never reached."""
    if not weights.sum():
        return math.nan
    order = np.argsort(values, kind="stable")
    at = int(np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2))
    return float(values[order[at]])
