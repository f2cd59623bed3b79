"""Fit: who judges whom, and how many false alarms come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.core.baseline import ALL_STRATA
from detectors.core.fit import Measured, fit
from detectors.core.fusion import fused_score
from detectors.core.registry import all_detectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.core.baseline import Baselines

STRATIFIED, POOLED = "diversity.effective_rank", "volume.fresh_tokens_1h"


def population(accounts: int, *, seed: int, queries: int = 30, days: int = 1) -> Iterator[Measured]:
    """Benign accounts, each with a temper of its own that moves all of its signals."""
    random = np.random.default_rng(seed)
    names = [name for room in all_detectors() for name in room.signals]
    for account in range(accounts):
        temper = random.normal()
        for day in range(days):
            values = {name: float(temper + random.normal()) for name in names}
            yield Measured("account", f"{seed}-{account}", day, queries, values)


def fitted(rows: list[Measured]) -> Baselines:
    """A baseline of these rows."""
    return fit(rows, provenance={"command": "revenuer baseline fit", "licences": []}, seed=1, features="1/test")


def test_accounts_are_split() -> None:
    """An account fits or calibrates, never both, and all of its days go the same way."""
    found = fitted(list(population(400, seed=1, days=3)))
    n = found.of("account", 30).n(STRATIFIED)
    assert n + found.calibration("account").n == 1200
    assert n % 3 == 0
    assert 500 < n < 700
    assert found.provenance["entities_fitted"] + found.provenance["entities_calibrated"] == 400
    assert found.detectors == {room.name: room.version for room in all_detectors()}


def test_the_same_rows_give_the_same_baseline() -> None:
    """The split is by a seeded stable hash, so the fit is a function of its rows and its seed."""
    rows = list(population(100, seed=2))
    assert fitted(rows).version == fitted(rows).version
    assert fit(rows, provenance={}, seed=2).of("account", 30).n(STRATIFIED) != fitted(rows).of("account", 30).n(
        STRATIFIED
    )


def test_an_account_day_counts_once() -> None:
    """An account that was evaluated ten times a day weighs as one; its last values and its highest score count."""
    rows = [row for row in population(200, seed=3) for _ in range(10)]
    found, once = fitted(rows), fitted(rows[::10])
    assert found.of("account", 30).n(STRATIFIED) == once.of("account", 30).n(STRATIFIED)
    np.testing.assert_array_equal(found.calibration("account").scores, once.calibration("account").scores)


def test_small_strata_borrow_from_their_neighbours() -> None:
    """A stratum of few accounts is judged together with the nearest ones; a large one by itself."""
    rows = [*population(1200, seed=4, queries=30), *population(40, seed=5, queries=50)]
    found = fitted(rows)
    assert found.of("account", 50).n(STRATIFIED) == pytest.approx(620, rel=0.1)
    assert found.of("account", 30).n(STRATIFIED) == pytest.approx(600, rel=0.1)
    assert ("account", ALL_STRATA, POOLED) in found.references
    assert ("account", 0, POOLED) not in found.references


def test_false_alarms_keep_to_the_budget() -> None:
    """New benign accounts, their signals dependent throughout, pass 5 % of the calibration on about 5 % of days."""
    rooms = all_detectors()
    rates = []
    for seed in range(8):
        found = fitted(list(population(800, seed=100 + seed)))
        calibration = found.calibration("account")
        scores = [
            fused_score(row.values, row.queries, found.of(row.scope, row.queries), rooms)
            for row in population(400, seed=seed)
        ]
        rates.append(np.mean([calibration.p_value(score) <= 0.05 for score in scores]))
    assert 0.02 < np.mean(rates) < 0.07
