"""LSH coverage: how much of the embedding space an account has visited.

Random hyperplanes cut the space into 2,048 buckets; coverage is the share of them visited (B4B [^1]). The cost of the
coverage-aware defence CAP joins coverage, the rate of new buckets and the spread of the embeddings, with the parameters
of the artifact of arXiv:2606.05725. Both sides count: harvests are often narrower than benign traffic.

References
----------
[^1]: Dubiński, J. et al., 2023. Bucks for Buckets (B4B): Active Defenses
      Against Stealing Encoders. NeurIPS.

"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.observation import EMBEDDING
from service.bench.peers.deviation import Deviation
from service.bench.peers.pool import embeddings, pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.bench.peers.peer import Calls

BITS = 11
LOW, HIGH, BETA = 5e-4, 8.0, 0.19
COVERAGE, NOVELTY, SPREAD = 0.05, 0.35, 0.45
FEWEST = 20


@dataclass(slots=True)
class LshCoverage:
    """How unusual the cost is."""

    name: ClassVar[str] = "LSH coverage"
    reference: ClassVar[str] = "B4B (Dubinski et al. 2023) and CAP, parameters of arXiv:2606.05725, two-sided"

    seed: int = 1
    _planes: NDArray[np.float64] = field(init=False)
    _centre: NDArray[np.float64] = field(init=False)
    _usual: Deviation = field(init=False)

    def fit(self, benign: Sequence[Calls]) -> None:
        """Hyperplanes through the benign centre, and where the cost of benign accounts lies."""
        random = np.random.default_rng(self.seed)
        self._centre = pooled(benign, 4000, random).mean(axis=0)
        self._planes = random.normal(size=(EMBEDDING, BITS))
        self._usual = Deviation.of(self._cost(account) for account in benign)

    def score(self, account: Calls) -> float:
        """How far out its cost lies; 0 below ``FEWEST`` queries."""
        return self._usual(self._cost(account))

    def _cost(self, account: Calls) -> float:
        points = embeddings(account)
        if len(points) < FEWEST:
            return math.nan
        buckets = ((points - self._centre) @ self._planes > 0) @ (1 << np.arange(BITS))
        visited = len(np.unique(buckets))
        coverage = COVERAGE * (math.exp(min(visited / 2**BITS / BETA, 3.0) * math.log(HIGH / LOW)) - 1.0)
        spread = float(np.linalg.norm(points - points.mean(axis=0), axis=1).mean())
        cost = LOW + LOW * coverage + HIGH * NOVELTY * visited / len(points) + HIGH * SPREAD * min(spread, 1.0)
        return math.log(cost)
