"""Pivot: a move to a new model, and who cannot move."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.pivot import Pivot
from tests.detectors.factories import measured, observations

ROW = np.arange(100)


def test_half_of_the_traffic_moves() -> None:
    """Of sixty queries since the model appeared, thirty go to it."""
    found = measured(Pivot(), observations(100, launch=ROW >= 40, new_model=ROW >= 70))
    assert found["pivot.moved_share"] == pytest.approx(0.5)


def test_a_newcomer_has_nothing_to_move() -> None:
    """An account that begins with the new model, or had hardly any traffic before, is no pivot."""
    assert measured(Pivot(), observations(100, launch=True, new_model=True))["pivot.moved_share"] == 0.0
    assert measured(Pivot(), observations(100, launch=ROW >= 10, new_model=ROW >= 10))["pivot.moved_share"] == 0.0


def test_no_new_model_is_no_pivot() -> None:
    """Without a launch the share is 0, not unknown."""
    assert measured(Pivot(), observations(100))["pivot.moved_share"] == 0.0
