"""HyperLogLog: counts within its error, merges exactly."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.sketches import hll


def digests(count: int, seed: int = 0) -> np.ndarray:
    """Random digests, the same for the same seed."""
    return np.random.default_rng(seed).integers(0, 2**64, count, np.uint64)


@pytest.mark.parametrize(
    ("distinct", "error"),
    [
        pytest.param(0, 0.0, id="none"),
        pytest.param(1, 0.001, id="one"),
        pytest.param(40, 0.04, id="forty"),
        pytest.param(1_000, 0.08, id="thousand"),
        pytest.param(300_000, 0.13, id="many"),
    ],
)
def test_estimate_is_within_its_error(distinct: int, error: float) -> None:
    """Four standard errors (1.04 / sqrt(registers) = 3.3 %) hold; small counts are all but exact."""
    registers = hll.add(hll.empty(), digests(distinct))
    assert hll.estimate(registers) == pytest.approx(distinct, rel=error, abs=1e-9)


def test_repeats_count_once() -> None:
    """Adding the same digests again changes no register."""
    once = hll.add(hll.empty(), digests(500))
    np.testing.assert_array_equal(hll.add(once, digests(500)), once)


def test_merge_is_the_union() -> None:
    """Merging two sketches gives the registers of everything together."""
    a, b = digests(300, 1), digests(300, 2)
    merged = hll.merge(hll.add(hll.empty(), a), hll.add(hll.empty(), b))
    np.testing.assert_array_equal(merged, hll.add(hll.empty(), np.concatenate([a, b])))


def test_zero_is_a_digest_too() -> None:
    """The digest without a set bit takes the highest rank rather than none."""
    assert hll.estimate(hll.add(hll.empty(), np.zeros(1, np.uint64))) == pytest.approx(1.0, rel=0.01)
