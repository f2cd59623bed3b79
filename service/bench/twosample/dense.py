"""Dense views under a lens: the shift of the mean, and the tails of the distance from what is benign.

The view is whitened by the reference's shrunken covariance (Mahalanobis). The squared length of the mean shift is
Hotelling's statistic [^1]; where the attackers' texts are unlike benign ones one by one, the share beyond a high
quantile of the distance says so at a smaller share of them than any mean.

References
----------
[^1]: Hotelling, H., 1931. The Generalization of Student's Ratio. Annals of
      Mathematical Statistics 2.
[^2]: Ledoit, O., Wolf, M., 2004. A well-conditioned estimator for
      large-dimensional covariance matrices. Journal of Multivariate Analysis 88.

"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.bench.twosample.views import Views

TAILS = (0.9, 0.97, 0.99)
"""Quantiles of the reference's distances beyond which texts are counted."""
SHRINKAGE = 0.05
CLIP = 6.0
"""Deviations at which a surface feature is cut: beyond it is far, however far."""
FLOOR = 0.05
"""Least deviation of a surface feature (shares and logarithms): one that never varied must not convict at its first
change."""
NEIGHBOURS = 5
LANDMARKS = 4000


def proportion(window: NDArray[np.float64], n: int, rest: NDArray[np.float64], m: int) -> NDArray[np.float64]:
    """Differences of shares in standard deviations, by the variance-stabilising square root of counts."""
    scale = 1.0 / np.sqrt(1.0 / n + 1.0 / m)
    found: NDArray[np.float64] = 2.0 * scale * (np.sqrt((window + 0.375) / n) - np.sqrt((rest + 0.375) / m))
    return found


@dataclass(slots=True)
class Distance:
    """Mean shift in the whitened view, and tails of the distance in it."""

    view: str
    squares: bool = False
    """Whether the squares of the standardised features join them: spread, not only level."""
    pooled: bool = False
    _centre: NDArray[np.float64] = field(init=False)
    _scale: NDArray[np.float64] = field(init=False)
    _whiten: NDArray[np.float64] = field(init=False)
    _mean: NDArray[np.float64] = field(init=False)
    _edges: NDArray[np.float64] = field(init=False)

    @property
    def statistics(self) -> Sequence[str]:
        """The shift, and the excess in each tail."""
        return (f"{self.view}.shift", *(f"{self.view}.beyond_{100 * q:.0f}" for q in TAILS))

    def fit(self, reference: Views) -> None:
        """Centre, covariance and quantiles of distance."""
        raw = getattr(reference, self.view)
        self._centre = raw.mean(axis=0)
        self._scale = np.maximum(raw.std(axis=0), FLOOR)
        standard = self._standard(reference)
        self._mean = standard.mean(axis=0)
        covariance = np.cov(standard.T)
        level = np.trace(covariance) / len(covariance)
        values, vectors = np.linalg.eigh((1 - SHRINKAGE) * covariance + SHRINKAGE * level * np.eye(len(covariance)))
        self._whiten = vectors / np.sqrt(values)
        self._edges = np.quantile(self._lengths(self._white(reference)), TAILS)

    def features(self, texts: Views) -> NDArray[np.float64]:
        """Whitened coordinates, and whether the text lies in each tail."""
        white = self._white(texts)
        return np.hstack([white, self._lengths(white)[:, None] > self._edges])

    def compare(self, window: NDArray[np.float64], n: int, rest: NDArray[np.float64], m: int) -> NDArray[np.float64]:
        """Squared shift of the mean, and the excess in each tail."""
        tails = len(TAILS)
        shift = (window[:, :-tails] / n - rest[:, :-tails] / m) / np.sqrt(1.0 / n + 1.0 / m)
        beyond = proportion(window[:, -tails:], n, rest[:, -tails:], m)
        return np.hstack([(shift**2).sum(axis=1, keepdims=True), beyond])

    def _standard(self, texts: Views) -> NDArray[np.float64]:
        raw = getattr(texts, self.view)
        if not self.squares:
            return raw  # type: ignore[no-any-return]
        scaled = np.clip((raw - self._centre) / self._scale, -CLIP, CLIP)
        return np.hstack([scaled, np.minimum(scaled**2, CLIP)])

    def _white(self, texts: Views) -> NDArray[np.float64]:
        white: NDArray[np.float64] = (self._standard(texts) - self._mean) @ self._whiten
        return white

    @staticmethod
    def _lengths(white: NDArray[np.float64]) -> NDArray[np.float64]:
        lengths: NDArray[np.float64] = (white**2).sum(axis=1)
        return lengths


@dataclass(slots=True)
class Neighbours:
    """Tails of the distance to the nearest texts of the reference: novelty that no ellipsoid describes."""

    view: str = "embedding"
    pooled: bool = False
    seed: int = 0
    _landmarks: NDArray[np.float32] = field(init=False)
    _edges: NDArray[np.float64] = field(init=False)

    @property
    def statistics(self) -> Sequence[str]:
        """The excess of far texts, and of near ones."""
        return (*(f"neighbours.beyond_{100 * q:.0f}" for q in TAILS), "neighbours.within")

    def fit(self, reference: Views) -> None:
        """Landmarks, and quantiles of their distance to one another."""
        rows = np.random.default_rng(self.seed).permutation(len(reference))[:LANDMARKS]
        self._landmarks = getattr(reference, self.view)[rows].astype(np.float32)
        # A landmark is its own nearest neighbour, so one more is asked for.
        near = self._similarity(self._landmarks, NEIGHBOURS + 1)
        self._edges = np.quantile(-near, [*TAILS, 0.25])

    def features(self, texts: Views) -> NDArray[np.float64]:
        """Whether the text is further away than each quantile; last, whether it is nearer than a quarter are."""
        distance = -self._similarity(getattr(texts, self.view).astype(np.float32), NEIGHBOURS)
        return np.hstack([distance[:, None] > self._edges[:-1], distance[:, None] < self._edges[-1:]]).astype(
            np.float64
        )

    def compare(self, window: NDArray[np.float64], n: int, rest: NDArray[np.float64], m: int) -> NDArray[np.float64]:
        """The excess of each."""
        return proportion(window, n, rest, m)

    def _similarity(self, points: NDArray[np.float32], count: int) -> NDArray[np.float64]:
        out = np.empty(len(points))
        for i in range(0, len(points), 2048):
            cosine = points[i : i + 2048] @ self._landmarks.T
            out[i : i + 2048] = np.partition(cosine, -count, axis=1)[:, -count]
        return out
