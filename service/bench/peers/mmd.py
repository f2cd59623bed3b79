"""MMD: maximum mean discrepancy between an account's embeddings and a benign pool.

The unbiased estimate with a mean of four Gaussian kernels around the median distance, as published [^1]. The paper
averages over 20 draws from the pool; here the pool itself, of as many texts as those draws would touch, is the
reference, which is what that average approaches. Its embedder (bge-small) is replaced by the product's own, so that
all see the same views.

References
----------
[^1]: Liu, Guo, Dong, 2026. arXiv:2606.05725.

"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from service.bench.peers.pool import embeddings, pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.bench.peers.peer import Calls

POOL = 2000
SCALES = (0.5, 1.0, 2.0, 4.0)
FEWEST = 20


def bandwidth(points: NDArray[np.float64]) -> float:
    """Root of the median of the positive squared distances among (at most 2,000 of) the points."""
    squared = distances(points[:2000], points[:2000])
    return float(np.sqrt(np.median(squared[squared > 1e-12])))


def distances(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Squared distances of each to each."""
    squared: NDArray[Any] = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    np.maximum(squared, 0.0, out=squared)
    return squared


def kernel(a: NDArray[Any], b: NDArray[Any], sigma: float) -> NDArray[Any]:
    """Mean of the Gaussian kernels, in the precision of ``a`` and ``b``."""
    squared = distances(a, b)
    # exp(-d / 2 (s sigma)^2) at the widest; the narrower ones are its powers 4, 16 and 64.
    widest = np.exp(-squared / (2.0 * (SCALES[-1] * sigma) ** 2))
    second = widest**4
    third = second**4
    total: NDArray[Any] = (widest + second + third + third**4) / len(SCALES)
    return total


@dataclass(slots=True)
class MMD:
    """The test's statistic as a score."""

    name: ClassVar[str] = "MMD"
    reference: ClassVar[str] = "Liu, Guo, Dong 2026, arXiv:2606.05725; the whole pool as reference, our embedder"

    seed: int = 1
    _pool: NDArray[np.float64] = field(init=False)
    _sigma: float = field(init=False)
    _within: float = field(init=False)

    def fit(self, benign: Sequence[Calls]) -> None:
        """Pool, bandwidth, and the pool's own mean kernel."""
        self._pool = pooled(benign, POOL, np.random.default_rng(self.seed))
        self._sigma = bandwidth(self._pool)
        self._within = _off_diagonal(kernel(self._pool, self._pool, self._sigma))

    def score(self, account: Calls) -> float:
        """MMD squared; 0 below ``FEWEST`` queries."""
        points = embeddings(account)
        if len(points) < FEWEST:
            return 0.0
        own = _off_diagonal(kernel(points, points, self._sigma))
        return own + self._within - 2.0 * float(kernel(points, self._pool, self._sigma).mean())


def _off_diagonal(square: NDArray[np.float64]) -> float:
    n = len(square)
    return float((square.sum() - np.trace(square)) / (n * (n - 1)))
