"""HyperLogLog in numpy: how many distinct digests, from registers that merge by maximum.

The libraries' sketches answer from a running estimator that depends on the
order of arrival (HIP) or change their form as they grow; here everything is
in the registers, so merging in any order gives the same bytes.

References
----------
[^1]: Flajolet, P., Fusy, É., Gandouet, O., Meunier, F., 2007. HyperLogLog:
      the analysis of a near-optimal cardinality estimation algorithm. AofA.
[^2]: Ertl, O., 2017. New cardinality estimation algorithms for HyperLogLog
      sketches. arXiv:1702.01284 (the estimator used: no bias table, no switch).

"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRECISION = 11
REGISTERS = 1 << PRECISION
"""2,048 registers: a relative standard error of 1.04 / sqrt(2048) = 2.3 %, far less below a few hundred."""
_RANKS = 64 - PRECISION
_ALPHA_INF = 1.0 / (2.0 * math.log(2.0))


def empty() -> NDArray[np.uint8]:
    """No digest seen yet."""
    return np.zeros(REGISTERS, np.uint8)


def add(registers: NDArray[np.uint8], digests: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The registers after these digests, which must be uniform over 64 bits (keyed digests are)."""
    out = registers.copy()
    if len(digests):
        index = (digests & np.uint64(REGISTERS - 1)).astype(np.intp)
        np.maximum.at(out, index, _rank(digests >> np.uint64(PRECISION)))
    return out


def merge(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The registers of both."""
    return np.maximum(a, b)


def estimate(registers: NDArray[np.uint8]) -> float:
    """Distinct digests seen: 0 for none, within about 2.3 % for many."""
    counts = np.bincount(registers, minlength=_RANKS + 2)
    z = REGISTERS * _tau(1.0 - counts[_RANKS + 1] / REGISTERS)
    for rank in range(_RANKS, 0, -1):
        z = 0.5 * (z + float(counts[rank]))
    z += REGISTERS * _sigma(counts[0] / REGISTERS)
    return _ALPHA_INF * REGISTERS * REGISTERS / z if math.isfinite(z) else 0.0


def _rank(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """One more than the trailing zeros of the ``64 - PRECISION`` bits that are left."""
    lowest = values & (~values + np.uint64(1))
    # A power of two is exact in f8, so its exponent is the count of zeros; frexp counts from 1.
    exponent = np.frexp(lowest.astype(np.float64))[1]
    return np.where(lowest == 0, _RANKS + 1, exponent).astype(np.uint8)


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    total, y, last = x, 1.0, -1.0
    while total != last:
        x *= x
        last = total
        total += x * y
        y += y
    return total


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, total, last = 1.0, 1.0 - x, -1.0
    while total != last:
        x = math.sqrt(x)
        last = total
        y *= 0.5
        total -= (1.0 - x) ** 2 * y
    return total / 3.0
