"""The published window test: maximum mean discrepancy of embeddings, as its artifact computes it.

The score of a window is the mean over 20 reference draws of the unbiased squared discrepancy, with four Gaussian
kernels around the median distance. The published threshold is the 95th percentile of 1,000 draws of two disjoint
samples of the benign pool, one reference each; a score is a mean over 20, so that threshold is on the safe side. The
embedder is the product's own instead of bge-small, and a pool beyond ``POOL`` texts is thinned to that.

References
----------
[^1]: Liu, Guo, Dong, 2026. arXiv:2606.05725, github LabRAI/mmd-llm-mea-detection.

"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.bench.peers.mmd import bandwidth, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

POOL = 4000
REFERENCES = 20
DRAWS = 1000
QUANTILE = 0.95
CHUNK = 100


class Published:
    """The test, fitted on the embeddings of a benign pool.

    Parameters
    ----------
    pool
        Shape (texts, dimensions); reference and null are drawn from it.
    n
        Texts of a window; draws are of half the pool where that is smaller.

    """

    def __init__(self, pool: NDArray[np.float64], n: int, *, seed: int = 1) -> None:
        random = np.random.default_rng(seed)
        self.pool = pool[random.permutation(len(pool))[:POOL]].astype(np.float32)
        self.sigma = bandwidth(self.pool.astype(np.float64))
        own = kernel(self.pool, self.pool, self.sigma).astype(np.float32)
        self._size = min(n, len(self.pool) // 2)
        null = self._null(own, random)
        self.threshold = float(np.quantile(null, QUANTILE))
        self._references = np.stack([random.permutation(len(self.pool))[: self._size] for _ in range(REFERENCES)])
        self._within = np.array([_within(own[np.ix_(rows, rows)]) for rows in self._references])

    def read(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean kernel of each text with each reference draw, shape (texts, REFERENCES): what a window sums up."""
        across = kernel(points.astype(np.float32), self.pool, self.sigma)
        return np.stack([across[:, rows].mean(axis=1) for rows in self._references], axis=1)

    def score(self, points: NDArray[np.float64], across: NDArray[np.float64]) -> float:
        """Mean discrepancy of a window with the reference draws.

        Parameters
        ----------
        points
            Embeddings of the window.
        across
            What ``read`` said of them.

        """
        own = _within(kernel(points.astype(np.float32), points.astype(np.float32), self.sigma))
        return float((own + self._within - 2.0 * across.mean(axis=0)).mean())

    def _null(self, own: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float64]:
        found = []
        for _ in range(0, DRAWS, CHUNK):
            first = np.zeros((CHUNK, len(self.pool)), np.float32)
            second = np.zeros_like(first)
            for i in range(CHUNK):
                order = random.permutation(len(self.pool))
                first[i, order[: self._size]] = 1.0
                second[i, order[self._size : 2 * self._size]] = 1.0
            left = first @ own
            pairs = self._size * (self._size - 1)
            # A text's kernel with itself is 1.
            within = ((left * first).sum(axis=1) + ((second @ own) * second).sum(axis=1) - 2 * self._size) / pairs
            found.append(within - 2.0 * (left * second).sum(axis=1) / self._size**2)
        return np.concatenate(found).astype(np.float64)


def _within(square: NDArray[Any]) -> float:
    n = len(square)
    return float((square.sum(dtype=np.float64) - np.trace(square)) / (n * (n - 1)))
