"""Discoveries: e-values are fair, and few of what is called a discovery are none."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.core.discoveries import discoveries, e_value


def test_an_e_value_is_worth_one_under_the_null() -> None:
    """The mean over uniform p-values is the integral of p^(-1/2) / 2 over (0, 1]: 1."""
    grid = (np.arange(20_000) + 0.5) / 20_000
    assert np.mean([e_value(p) for p in grid]) == pytest.approx(1.0, abs=0.02)


def test_by_hand() -> None:
    """Of four accounts at level 0.5 one needs an e-value of 8, p = 0.0039; two at 0.01 (5 each) need 4."""
    assert discoveries([0.0039, 0.9, 0.9, 0.9], 0.5) == [0]
    assert discoveries([0.01, 0.9, 0.9, 0.9], 0.5) == []
    assert discoveries([0.01, 0.9, 0.01, 0.9], 0.5) == [0, 2]


def test_nobody_is_found_among_the_honest() -> None:
    """Over a thousand days of fifty uniform p-values, hardly a day has a discovery at all."""
    random = np.random.default_rng(3)
    days = [discoveries(list(random.random(50)), 0.05) for _ in range(1000)]
    assert sum(map(bool, days)) <= 50


def test_nothing_looked_at_is_nothing_found() -> None:
    """An empty day is no error."""
    assert discoveries([]) == []
