"""Fitting: families weigh alike, samples are fresh, and examples come from all of an account's life."""

from __future__ import annotations

import numpy as np
import pytest

from service.fitting.purpose import balanced
from service.fitting.samples import samples
from service.simulate.kinds import ALL
from service.simulate.population import Mix
from service.simulate.texts import own


def test_families_and_sides_weigh_alike() -> None:
    """Ninety queries of one family and ten of another of the same side count half of that side each."""
    families = np.array(["a"] * 90 + ["b"] * 10 + ["c"] * 50)
    truth = np.array([0] * 100 + [1] * 50)
    weights = balanced(families, truth)
    assert weights[:90].sum() == pytest.approx(weights[90:100].sum())
    assert weights[:100].sum() == pytest.approx(weights[100:].sum())
    assert weights.mean() == pytest.approx(1.0)


def test_samples_are_of_both_sides_and_bounded() -> None:
    """At most five queries an account, of simulated kinds, each with what was asked and how much came back."""
    mix = Mix(benign=6, attackers=6, days=1, ceiling=40)
    found = list(samples(3, mix, own(), most=5))
    assert {sample.attack for sample in found} == {True, False}
    assert len(found) <= 12 * 5
    assert all(sample.kind in ALL and (sample.user or sample.system) and sample.asked > 0 for sample in found)


def test_samples_are_the_same_for_the_same_seed() -> None:
    """A fit can be made again."""
    mix = Mix(benign=4, attackers=2, days=1, ceiling=30)
    first, second = (list(samples(5, mix, own(), most=3)) for _ in range(2))
    assert first == second
