"""Counts under a lens: tokens that turn up in more of a window's texts than they should.

Two per cent of texts that share a phrase move no mean, but they move that phrase: each token's (and each pair's) count
of texts is compared with what the rest would give, and the few largest excesses, or all that are large, are the
statistics (a scan and a form of higher criticism [^1]).

References
----------
[^1]: Donoho, D., Jin, J., 2004. Higher criticism for detecting sparse
      heterogeneous mixtures. Annals of Statistics 32.
[^2]: Anscombe, F. J., 1948. The transformation of Poisson, binomial and
      negative-binomial data. Biometrika 35.

"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.cluster import MiniBatchKMeans

from service.bench.twosample.dense import proportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.bench.twosample.views import Views

LARGE = 2.0
"""Standard deviations from which an excess joins the sum."""
TOP = (1, 5, 25)
SMALLEST = 8
"""Texts of the reference to each cell, at least."""


@dataclass(slots=True)
class Excess:
    """Largest excesses of a sparse 0/1 view."""

    view: str
    pooled: bool = True

    @property
    def statistics(self) -> Sequence[str]:
        """Means of the largest, and the sum of all that are large."""
        return (*(f"{self.view}.top_{k}" for k in TOP), f"{self.view}.excess")

    def fit(self, reference: Views) -> None:
        """Nothing is learnt: the counts themselves are compared."""

    def features(self, texts: Views) -> Any:
        """The view as it is."""
        return getattr(texts, self.view)

    def compare(self, window: NDArray[np.float64], n: int, rest: NDArray[np.float64], m: int) -> NDArray[np.float64]:
        """The statistics of the excesses."""
        return largest(proportion(window, n, rest, m))


@dataclass(slots=True)
class Cells:
    """Largest excesses over the cells of a map that is drawn from the reference: a narrow harvest fills few of them."""

    view: str
    cells: int
    seed: int = 0
    pooled: bool = False
    _map: MiniBatchKMeans = field(init=False)

    @property
    def statistics(self) -> Sequence[str]:
        """As of tokens."""
        return (*(f"{self.view}_cells.top_{k}" for k in TOP), f"{self.view}_cells.excess")

    def fit(self, reference: Views) -> None:
        """The cells: k-means of the reference, fewer where it is small."""
        count = max(2, min(self.cells, len(reference) // SMALLEST))
        self._map = MiniBatchKMeans(count, n_init=1, random_state=self.seed, batch_size=2048)
        self._map.fit(getattr(reference, self.view))

    def features(self, texts: Views) -> Any:
        """Which cell a text falls in, sparse 0/1."""
        found = self._map.predict(getattr(texts, self.view))
        rows = np.arange(len(found) + 1)
        shape = (len(found), self._map.n_clusters)
        return sparse.csr_matrix((np.ones(len(found), np.float32), found, rows), shape=shape)

    def compare(self, window: NDArray[np.float64], n: int, rest: NDArray[np.float64], m: int) -> NDArray[np.float64]:
        """The statistics of the excesses."""
        return largest(proportion(window, n, rest, m))


def largest(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of the ``TOP`` largest of each row, and the sum of squares of what is ``LARGE``."""
    kept = min(TOP[-1], excess.shape[1])
    top = -np.sort(-np.partition(excess, -kept, axis=1)[:, -kept:], axis=1)
    means = [top[:, :k].mean(axis=1) for k in TOP]
    return np.stack([*means, (np.maximum(excess - LARGE, 0.0) ** 2).sum(axis=1)], axis=1)
