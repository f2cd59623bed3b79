"""Dice: seeded chance, cheap enough to be thrown a hundred times a record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
BLOCK = 128


class Dice:
    """Draws from a numpy Generator in blocks: a single draw from the Generator costs ten times as much."""

    __slots__ = ("_block", "_rng")

    def __init__(self, *seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._block: list[float] = []

    def random(self) -> float:
        """Uniform in [0, 1)."""
        if not self._block:
            self._block = self._rng.random(BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def below(self, n: int) -> int:
        """Uniform in 0 .. n-1."""
        return int(self.random() * n)

    def between(self, low: int, high: int) -> int:
        """Uniform in low .. high, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[int(self.random() * len(items))]

    def weighted(self, weights: dict[T, float]) -> T:
        """One of the keys, by weight."""
        left = self.random() * sum(weights.values())
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return next(reversed(weights))

    def exponential(self, mean: float) -> float:
        """Exponential with this mean."""
        return -mean * math.log(1.0 - self.random())

    def lognormal(self, median: float, sigma: float) -> float:
        """Log-normal with this median; ``sigma`` is the deviation of its logarithm."""
        angle = math.cos(2 * math.pi * self.random())
        return median * math.exp(sigma * angle * math.sqrt(-2 * math.log(1.0 - self.random())))

    def order(self, n: int) -> list[int]:
        """0 .. n-1 in random order."""
        return self._rng.permutation(n).tolist()  # type: ignore[no-any-return]

    def sorted(self, n: int) -> list[float]:
        """``n`` uniform draws in rising order."""
        return np.sort(self._rng.random(n)).tolist()  # type: ignore[no-any-return]
