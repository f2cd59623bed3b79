"""The window test: all statistics of all lenses as one score, and the p-value that windows drawn by chance give it.

Under the null hypothesis a window is a draw from the benign texts. Windows drawn from the calibration half (random
ones, and consecutive ones, so that a file that drifts is not taken for an exchangeable one) therefore say how every
statistic falls, and how the score does. Each draw is compared with the texts that are not in it, and all statistics are
studentised for the sizes of both samples, so that small files do not look better than they are.

The score of a window is the root of the summed squares of its positive deviations, one for each lens: the largest of
the lens's statistics in standard deviations of its fall by chance. Its p-value is conformal: with r of the draws at
least as high, (r + 1) / (draws + 1). Draws of one calibration half are not independent; with texts in random order they
are exchangeable with the window up to that half's own error, which the bench measures on held-out windows.

References
----------
[^1]: Gretton, A. et al., 2012. A Kernel Two-Sample Test. JMLR 13.
[^2]: Lehmann, E. L., Romano, J. P., 2005. Testing Statistical Hypotheses.
      Springer, chapter 15 (randomisation tests).

"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from service.bench.twosample.counts import Cells, Excess
from service.bench.twosample.dense import Distance, Neighbours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.bench.twosample.lens import Lens
    from service.bench.twosample.views import Views

DRAWS = 1000
MARGIN = 1.2
"""An alarm is a score so many times the highest of the draws: a p-value of 1 in 1,000 is not enough for no false window
among hundreds."""
CHUNK = 100
"""Draws compared at once: the token counts of one take 130 KB."""
SMALLEST = 40
"""Texts of a half below which nothing can be learnt."""


def lenses() -> list[Lens]:
    """The lenses of the test, unfitted."""
    return [
        Distance("surface", squares=True),
        Distance("embedding"),
        Distance("ngrams"),
        Neighbours(),
        Excess("tokens"),
        Excess("pairs"),
        Cells("embedding", 256),
    ]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the test says of one window."""

    score: float
    """High says unlike; comparable between files, since all statistics are in standard deviations by chance."""
    p_value: float
    leading: str
    """The statistic that deviates most."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Texts as all lenses see them."""

    features: Sequence[Any]
    """Of each lens, a row a text."""
    n: int

    def take(self, rows: NDArray[np.intp] | slice) -> Read:
        """The given texts."""
        taken = [features[rows] for features in self.features]
        return Read(taken, taken[0].shape[0])


class WindowTest:
    """The test, fitted.

    Parameters
    ----------
    reference
        Half of the benign texts: everything that is learnt is learnt from these.
    calibration
        The other half: what happens by chance is drawn from these.
    n
        Texts of a window.
    seed
        Of the draws.

    Raises
    ------
    ValueError
        One of the halves is too small.

    """

    def __init__(self, reference: Views, calibration: Views, n: int, *, seed: int = 1, draws: int = DRAWS) -> None:
        if min(len(reference), len(calibration)) < SMALLEST:
            raise ValueError(f"{len(reference)} and {len(calibration)} texts, each half needs {SMALLEST}")
        self._lenses = lenses()
        self._sides: list[_Side] = []
        drawn = _drawn(len(calibration), n, draws, np.random.default_rng(seed))
        fallen = []
        for lens in self._lenses:
            lens.fit(reference)
            side = _Side.of(lens, reference, calibration)
            fallen.append(side.by_chance(drawn))
            self._sides.append(side)
        self._centres = [_level(values) for values in fallen]
        self.by_chance: NDArray[np.float64] = np.sort(self._joined(fallen))
        """Scores of the drawn windows, rising."""

    def __call__(self, window: Views) -> Verdict:
        """The verdict on a window of any size; its sums are brought to scale."""
        return self.verdict(self.read(window))

    @property
    def threshold(self) -> float:
        """The score above which a window is an alarm."""
        return MARGIN * float(self.by_chance[-1])

    def read(self, texts: Views) -> Read:
        """What all lenses see of texts, for windows that are put together of many of them."""
        return Read([side.lens.features(texts) for side in self._sides], len(texts))

    def verdict(self, *parts: Read) -> Verdict:
        """The verdict on the window that these make together."""
        n = sum(part.n for part in parts)
        found = [
            side.of_window(sum((_sums(part.features[i]) for part in parts), np.zeros(1)), n)
            for i, side in enumerate(self._sides)
        ]
        score = float(self._joined(found)[0])
        above = len(self.by_chance) - int(np.searchsorted(self.by_chance, score, "left"))
        return Verdict(score, (above + 1) / (len(self.by_chance) + 1), self._leading(found))

    def _joined(self, found: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        best = [
            np.maximum(((_tamed(values) - middle) / spread).max(axis=1), 0.0)
            for values, (middle, spread) in zip(found, self._centres, strict=True)
        ]
        score: NDArray[np.float64] = np.sqrt((np.stack(best) ** 2).sum(axis=0))
        return score

    def _leading(self, found: Sequence[NDArray[np.float64]]) -> str:
        deviations = [
            ((_tamed(values) - middle) / spread)[0]
            for values, (middle, spread) in zip(found, self._centres, strict=True)
        ]
        lens = int(np.argmax([values.max() for values in deviations]))
        return self._lenses[lens].statistics[int(np.argmax(deviations[lens]))]


def _tamed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # Sums of squares are skewed; their root falls nearly normally, and the others are left as they are.
    return np.where(values > 1.0, 2.0 * np.sqrt(np.maximum(values, 1.0)) - 1.0, values)


def _level(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tamed = _tamed(values)
    return tamed.mean(axis=0), np.maximum(tamed.std(axis=0), 0.1)


def _drawn(texts: int, n: int, draws: int, random: np.random.Generator) -> Any:
    """0/1 matrix of draws, half of them random and half consecutive, shape (draws, texts)."""
    size = min(n, texts // 2)
    rows = [
        random.choice(texts, size, replace=False) if i % 2 else (random.integers(texts) + np.arange(size)) % texts
        for i in range(draws)
    ]
    ends = np.arange(0, draws * size + 1, size)
    return sparse.csr_matrix((np.ones(draws * size, np.float32), np.concatenate(rows), ends), shape=(draws, texts))


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """A lens with the sums that windows are compared with."""

    lens: Lens
    calibration: Any
    """Features of the calibration half."""
    total: NDArray[np.float64]
    """Their sums, with the reference's where the lens pools."""
    texts: int
    """Texts behind the total."""

    @classmethod
    def of(cls, lens: Lens, reference: Views, calibration: Views) -> _Side:
        features = lens.features(calibration)
        total, texts = _sums(features), len(calibration)
        if lens.pooled:
            total, texts = total + _sums(lens.features(reference)), texts + len(reference)
        return cls(lens, features, total, texts)

    def by_chance(self, drawn: Any) -> NDArray[np.float64]:
        size = int(drawn[0].sum())
        parts = []
        for i in range(0, drawn.shape[0], CHUNK):
            sums = drawn[i : i + CHUNK] @ self.calibration
            sums = np.asarray(sums.todense() if sparse.issparse(sums) else sums, np.float64)
            parts.append(self.lens.compare(sums, size, self.total - sums, self.texts - size))
        return np.concatenate(parts)

    def of_window(self, sums: NDArray[np.float64], n: int) -> NDArray[np.float64]:
        return self.lens.compare(sums[None], n, self.total[None], self.texts)


def _sums(features: Any) -> NDArray[np.float64]:
    return np.asarray(features.sum(axis=0), np.float64).ravel()
