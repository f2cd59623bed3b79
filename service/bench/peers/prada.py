"""PRADA: are the distances from each query to the nearest earlier one normally distributed?

Adapted to text as in arXiv:2606.05725: one group instead of one for each predicted class, all earlier queries as the
growing set, and both sides, since text clients are not normal to begin with.

References
----------
[^1]: Juuti, M. et al., 2019. PRADA: Protecting Against DNN Model Stealing
      Attacks. EuroS&P. arXiv:1805.02628.

"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.stats import shapiro  # type: ignore[import-untyped]

from service.bench.peers.deviation import Deviation
from service.bench.peers.mmd import distances
from service.bench.peers.pool import embeddings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.peers.peer import Calls

FEWEST = 100
"""Distances before a test, as published."""


@dataclass(slots=True)
class Prada:
    """How unusual the Shapiro-Wilk statistic is."""

    name: ClassVar[str] = "PRADA"
    reference: ClassVar[str] = "Juuti et al. 2019, arXiv:1805.02628; one group, two-sided"

    _usual: Deviation = field(init=False)

    def fit(self, benign: Sequence[Calls]) -> None:
        """Where the statistic of benign accounts lies."""
        self._usual = Deviation.of(_statistic(account) for account in benign)

    def score(self, account: Calls) -> float:
        """How far out it lies; 0 where there are too few distances."""
        return self._usual(_statistic(account))


def _statistic(account: Calls) -> float:
    points = embeddings(account)
    if len(points) <= FEWEST:
        return math.nan
    earlier = np.where(np.tri(len(points), k=-1, dtype=bool), distances(points, points), np.inf)
    nearest = np.sqrt(earlier[1:].min(axis=1))
    kept = nearest[np.abs(nearest - nearest.mean()) <= 3.0 * nearest.std()]
    if len(kept) < FEWEST or np.ptp(kept) == 0.0:
        return 0.0
    return float(shapiro(kept).statistic)
