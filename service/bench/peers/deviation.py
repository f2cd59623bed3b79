"""Deviation: two-sided scores, since harvests are as often narrower than benign traffic as broader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where benign values lie: their median, and their spread to either side."""

    median: float
    below: float
    above: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """From benign values; NaN are those of accounts too small to have one."""
        known = np.array([value for value in values if np.isfinite(value)])
        if not len(known):
            return cls(0.0, 1.0, 1.0)
        low, median, high = np.quantile(known, [0.1, 0.5, 0.9])
        return cls(float(median), max(float(median - low), 1e-9), max(float(high - median), 1e-9))

    def __call__(self, value: float) -> float:
        """How far out it lies, in units of the distance to the tenth most extreme benign value; 0 for NaN."""
        if not np.isfinite(value):
            return 0.0
        gap = value - self.median
        return gap / self.above if gap >= 0 else -gap / self.below
