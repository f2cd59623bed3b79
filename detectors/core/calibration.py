"""Calibration: how often a benign account-day reaches a combined score.

The unit is the benign account and its day, its highest score of that day, on
accounts that took no part in fitting the references. A p-value resolves
1 / (n + 1) and no finer: a budget below that is not supported.

A p-value within the budget holds the rate of alarms on average over
calibrations; a given calibration may be a lucky one, and the more of its days an alarm may share its score with, the
more often it is. What decides about an alarm is therefore the *assured* rate: of a score that some benign day
reached, the upper limit, at 95 % confidence, of the share of all days that do. Days of one account are
alike, so for that limit they count as one trial together: as if each of them said the same. From
some 3,000 accounts on, for 1 in 1,000, every alarm is assured so; with fewer, a score
above all that was seen still counts by its p-value, which holds on average alone.

References
----------
[^1]: Clopper, C. J., Pearson, E. S., 1934. The use of confidence or fiducial
      limits illustrated in the case of the binomial. Biometrika 26.
[^2]: Vovk, V., 2012. Conditional Validity of Inductive Conformal Predictors. ACML (valid on average, and given
      the calibration).

"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A rate with its exact interval and the count behind it."""

    estimate: float
    low: float
    high: float
    n: int


def clopper_pearson(hits: int, n: int) -> Interval:
    """Rate of ``hits`` in ``n`` with its exact 95 % interval; (1, 0, 1) of nothing, which is no knowledge."""
    if not n:
        return Interval(1.0, 0.0, 1.0, 0)
    tail = (1.0 - CONFIDENCE) / 2.0
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return Interval(hits / n, low, high, n)


def upper_limit(hits: float, n: int) -> float:
    """Exact one-sided upper limit of a rate, at 95 % confidence; 1.0 of nothing."""
    return float(betaincinv(hits + 1, n - hits, CONFIDENCE)) if hits < n else 1.0


class Calibration:
    """Highest combined scores of benign account-days.

    Parameters
    ----------
    scores
        In any order, each in [0, 1].
    accounts
        That they are days of; where it is not known, each counts as one of its own.

    """

    __slots__ = ("accounts", "n", "scores")

    def __init__(self, scores: Sequence[float] | NDArray[np.float64], accounts: int | None = None) -> None:
        self.scores: NDArray[np.float64] = np.sort(np.asarray(scores, np.float64))
        """Rising."""
        if len(self.scores) and not (self.scores[0] >= 0.0 and self.scores[-1] <= 1.0):
            raise ValueError("a calibration score lies outside [0, 1]")
        self.n = len(self.scores)
        """Benign account-days."""
        self.accounts = self.n if accounts is None else accounts
        """Whose days they are."""
        if not 0 <= self.accounts <= self.n:
            raise ValueError(f"a calibration has {self.accounts} accounts and {self.n} days of theirs")

    def _reaching(self, score: float) -> int:
        return self.n - int(np.searchsorted(self.scores, score, "left"))

    def p_value(self, score: float) -> float:
        """Conformal share of benign account-days whose highest score is at least this; 1.0 of nothing."""
        return (self._reaching(score) + 1) / (self.n + 1)

    def assured(self, score: float) -> float:
        """Rate of benign account-days reaching the score, for deciding on an alarm; never below ``p_value``.

        The one-sided Clopper-Pearson limit where some day reached it, which is a tolerance limit for the rate, with as
        many trials as there are accounts; the p-value where none did.
        """
        reaching = self._reaching(score)
        if not reaching or not self.n:
            return self.p_value(score)
        return upper_limit(reaching * self.accounts / self.n, self.accounts)

    def rate(self, score: float) -> Interval:
        """Observed share of benign account-days that reach the score, with its 95 % interval."""
        return clopper_pearson(self._reaching(score), self.n)

    @staticmethod
    def needed(budget: float) -> int:
        """Benign account-days without which no p-value can be within the budget."""
        # 1 / (n + 1) <= budget; the epsilon keeps 0.001 at 999.
        return max(math.ceil(1.0 / budget - 1.0 - 1e-9), 0)

    def supports(self, budget: float) -> bool:
        """Whether a p-value can be as small as the budget at all."""
        return self.n >= self.needed(budget)
