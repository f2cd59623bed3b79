"""SEAT: how many pairs of an account's queries are alike.

As published, a pair is alike when its similarity is at least tau, and an account with many such pairs is banned.
Adapted as in arXiv:2606.05725: cosine in the shared embedding, tau from benign pairs, the share of pairs, both sides.

References
----------
[^1]: Zhang, Z., Chen, Y., Wagner, D., 2021. SEAT: Similarity Encoder by
      Adversarial Training for Detecting Model Extraction Attack Queries. AISec.

"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from service.bench.peers.deviation import Deviation
from service.bench.peers.pool import embeddings, pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.peers.peer import Calls

PAIRS = 200_000
QUANTILE = 0.99
FEWEST = 20


@dataclass(slots=True)
class Seat:
    """How unusual the share of similar pairs is."""

    name: ClassVar[str] = "SEAT"
    reference: ClassVar[str] = "Zhang, Chen, Wagner 2021; cosine of our embedding, share of pairs, two-sided"

    seed: int = 1
    _tau: float = field(init=False)
    _usual: Deviation = field(init=False)

    def fit(self, benign: Sequence[Calls]) -> None:
        """Tau, and where the share of benign accounts lies."""
        random = np.random.default_rng(self.seed)
        points = pooled(benign, 4000, random)
        first, second = random.integers(0, len(points), (2, PAIRS))
        cosine = np.einsum("ij,ij->i", points[first[first != second]], points[second[first != second]])
        self._tau = float(np.quantile(cosine, QUANTILE))
        self._usual = Deviation.of(self._alike(account) for account in benign)

    def score(self, account: Calls) -> float:
        """How far out its share lies; 0 below ``FEWEST`` queries."""
        return self._usual(self._alike(account))

    def _alike(self, account: Calls) -> float:
        """Share of similar pairs, on a logarithmic scale."""
        points = embeddings(account)
        n = len(points)
        if n < FEWEST:
            return math.nan
        # A query is similar to itself, which is no pair.
        alike = (int((points @ points.T >= self._tau).sum()) - n) / 2
        return math.log((alike + 1.0) / (n * (n - 1) / 2))
