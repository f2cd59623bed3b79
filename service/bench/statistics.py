"""Statistics that several suites need: AUROC, the rate found at a fixed false-alarm rate, intervals by source.

References
----------
[^1]: Hanley, J. A., McNeil, B. J., 1982. The meaning and use of the area
      under a receiver operating characteristic (ROC) curve. Radiology 143.
[^2]: Davison, A. C., Hinkley, D. V., 1997. Bootstrap Methods and their
      Application. Cambridge (resampling whole clusters).

"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


def auroc(attack: ArrayLike, benign: ArrayLike) -> float:
    """Chance that an attack scores above a benign one, ties counted half; NaN of nothing."""
    positive, negative = np.asarray(attack, np.float64), np.asarray(benign, np.float64)
    if not len(positive) or not len(negative):
        return math.nan
    ranks = rankdata(np.concatenate([positive, negative]))
    above = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(above / (len(positive) * len(negative)))


def threshold_at(benign: ArrayLike, fpr: float) -> float:
    """The lowest threshold that at most this share of the benign values exceeds; alarm strictly above it."""
    ordered = np.sort(np.asarray(benign, np.float64))
    if not len(ordered):
        return math.inf
    allowed = math.floor(fpr * len(ordered) + 1e-9)
    return float(ordered[len(ordered) - 1 - allowed]) if allowed < len(ordered) else -math.inf


def tpr_at(attack: ArrayLike, benign: ArrayLike, fpr: float) -> float:
    """Share of attacks above :func:`threshold_at`; NaN of no attack."""
    values = np.asarray(attack, np.float64)
    return float((values > threshold_at(benign, fpr)).mean()) if len(values) else math.nan


def resampled(
    groups: Mapping[str, Sequence[float]],
    statistic: Callable[[NDArray[np.float64]], float],
    *,
    seed: int,
    rounds: int = 1000,
) -> tuple[float, float]:
    """95 % interval of a statistic when whole sources are drawn again, since trials of one source are alike.

    Parameters
    ----------
    groups
        Source -> values of its trials.
    statistic
        Of all values together.

    """
    held = [np.asarray(values, np.float64) for values in groups.values() if len(values)]
    if not held:
        return math.nan, math.nan
    random = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([held[i] for i in random.integers(0, len(held), len(held))])) for _ in range(rounds)
    ]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(low), float(high)
