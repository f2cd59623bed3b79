"""Calibration: p-values, intervals, and what a budget needs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from detectors.core.calibration import Calibration, clopper_pearson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        pytest.param(0, 100, 0.0, 0.0362, id="none"),
        pytest.param(5, 100, 0.0164, 0.1128, id="five"),
        pytest.param(100, 100, 0.9638, 1.0, id="all"),
        pytest.param(0, 0, 0.0, 1.0, id="nothing"),
    ],
)
def test_clopper_pearson(hits: int, n: int, low: float, high: float) -> None:
    """The exact 95 % intervals of the tables."""
    found = clopper_pearson(hits, n)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_p_value_and_rate_agree() -> None:
    """Two of nine account-days reach 0.8: p = 3/10, rate = 2/9."""
    calibration = Calibration([0.9, 0.8, *(0.1 * k for k in range(7))])
    assert calibration.p_value(0.8) == pytest.approx(0.3)
    assert calibration.rate(0.8)[0] == pytest.approx(2 / 9)
    assert calibration.rate(0.8).n == 9


@pytest.mark.parametrize(("budget", "needed"), [(0.5, 1), (0.1, 9), (0.01, 99), (0.001, 999), (1e-5, 99_999)])
def test_needed(budget: float, needed: int) -> None:
    """1 / (n + 1) must reach the budget."""
    assert Calibration.needed(budget) == needed
    assert Calibration(np.zeros(needed)).supports(budget)
    assert not Calibration(np.zeros(needed - 1)).supports(budget)
    assert Calibration(np.zeros(needed)).p_value(1.0) <= budget * (1 + 1e-9)


def test_alarms_stay_within_the_budget() -> None:
    """Over fresh benign days, alarms at a budget of 5 % come on 5 % of them, whatever the scores' law."""
    random = np.random.default_rng(11)
    rates = []
    for _ in range(300):
        scores = random.beta(0.5, 3.0, 199)
        calibration = Calibration(scores[:99])
        rates.append(np.mean([calibration.p_value(score) <= 0.05 for score in scores[99:]]))
    assert np.mean(rates) == pytest.approx(0.05, abs=0.006)


def test_nothing_known_supports_nothing() -> None:
    """Without calibration every p-value is 1."""
    assert Calibration(()).p_value(1.0) == 1.0
    assert not Calibration(()).supports(0.5)


def test_scores_out_of_range_are_refused() -> None:
    """A score lies in [0, 1]."""
    with pytest.raises(ValueError, match="outside"):
        Calibration([0.5, 1.5])


@pytest.mark.parametrize("days", [2995, 5000])
def test_the_assured_rate_holds_for_nearly_every_calibration(days: int) -> None:
    """Alarms by the assured rate exceed the budget with one calibration in twenty, not in two."""
    random = np.random.default_rng(5)
    over = 0
    for _ in range(400):
        scores = np.sort(random.random(days))
        calibration = Calibration(scores)
        # Scores are uniform, so the rate of alarms is what lies above the lowest score that raises one.
        lowest = next((s for s in scores[-12:] if calibration.assured(s + 1e-12) <= 0.001), 1.0)
        over += 1.0 - lowest > 0.001
    assert over / 400 <= 0.08


def test_the_assured_rate_is_never_below_the_p_value() -> None:
    """Being assured costs alarms; what no benign day reached counts by its p-value, and falls with the score."""
    calibration = Calibration(np.linspace(0.0, 0.9, 1500))
    scores = np.linspace(0.0, 1.0, 97)
    assured = [calibration.assured(score) for score in scores]
    assert all(rate >= calibration.p_value(score) for rate, score in zip(assured, scores, strict=True))
    assert all(b <= a for a, b in itertools.pairwise(assured))
    assert calibration.assured(0.95) == calibration.p_value(0.95) < calibration.assured(0.9)
    assert Calibration(()).assured(1.0) == 1.0


def test_days_of_one_account_are_one_trial() -> None:
    """Accounts that score alike on each of three days: alarms by the assured rate still exceed the budget rarely."""
    random = np.random.default_rng(6)
    over = {True: 0, False: 0}
    for _ in range(300):
        scores = np.sort(np.repeat(random.random(3000), 3))
        for told in over:
            calibration = Calibration(scores, 3000 if told else None)
            lowest = next((s for s in scores[-36:] if calibration.assured(s + 1e-12) <= 0.001), 1.0)
            over[told] += 1.0 - lowest > 0.001
    assert over[True] / 300 <= 0.08 < over[False] / 300


@pytest.mark.parametrize("accounts", [-1, 4])
def test_more_accounts_than_days_are_refused(accounts: int) -> None:
    """Every account has a day."""
    with pytest.raises(ValueError, match="accounts"):
        Calibration([0.1, 0.2, 0.3], accounts)
