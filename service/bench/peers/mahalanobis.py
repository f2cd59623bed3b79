"""Marginal Mahalanobis: mean squared distance of an account's embeddings to one benign Gaussian.

References
----------
[^1]: Lee, K. et al., 2018. A Simple Unified Framework for Detecting
      Out-of-Distribution Samples and Adversarial Attacks. NeurIPS; over windows of queries in arXiv:2606.05725.

"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from service.bench.peers.pool import embeddings, pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.bench.peers.peer import Calls

POOL = 20_000
RIDGE = 1e-6
FEWEST = 20


@dataclass(slots=True)
class Mahalanobis:
    """The mean distance as a score."""

    name: ClassVar[str] = "Mahalanobis"
    reference: ClassVar[str] = "Lee et al. 2018, as a mean over an account's queries (arXiv:2606.05725)"

    seed: int = 1
    _mean: NDArray[np.float64] = field(init=False)
    _root: NDArray[np.float64] = field(init=False)

    def fit(self, benign: Sequence[Calls]) -> None:
        """Mean and covariance of the benign pool."""
        points = pooled(benign, POOL, np.random.default_rng(self.seed))
        self._mean = points.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(points.T) + RIDGE * np.eye(points.shape[1]))
        self._root = vectors / np.sqrt(np.maximum(values, RIDGE))

    def score(self, account: Calls) -> float:
        """Mean squared distance; 0 below ``FEWEST`` queries."""
        points = embeddings(account)
        if len(points) < FEWEST:
            return 0.0
        return float((((points - self._mean) @ self._root) ** 2).sum(axis=1).mean())
