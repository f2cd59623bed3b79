"""Severity: what each word takes."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.core.calibration import Calibration
from detectors.core.fusion import Fused
from detectors.core.severity import severity, unsupported

BENIGN = Calibration(np.linspace(0.0, 0.9, 99_999))
BUDGET = 0.001


def fused(score: float, **groups: float) -> Fused:
    """A combined score with these groups."""
    return Fused(score, groups or {"volume": 0.01, "content": 0.01}, (), {})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(fused(0.1, volume=0.3, content=0.2), None, id="nothing"),
        pytest.param(fused(0.1, volume=0.01, content=0.2), None, id="one-group-a-little"),
        pytest.param(fused(0.1, volume=0.001, content=0.2), "info", id="one-group"),
        pytest.param(fused(0.99, volume=0.001, content=0.2), "info", id="one-group-is-never-more"),
        pytest.param(fused(0.5), "low", id="two-groups-outside-the-budget"),
        pytest.param(fused(0.8993), "medium", id="within"),
        pytest.param(fused(0.89997), "high", id="a-tenth"),
        pytest.param(fused(0.99), "critical", id="a-hundredth"),
    ],
)
def test_severity(found: Fused, expected: str | None) -> None:
    """Two groups and the assured rate decide, by the operator's budget."""
    assert severity(found, BENIGN, BUDGET) == expected


def test_a_small_baseline_stays_low() -> None:
    """A budget finer than the calibration supports raises nothing above low, and says what it needs."""
    small = Calibration(np.linspace(0.0, 0.9, 500))
    assert severity(fused(0.99), small, BUDGET) == "low"
    assert "needs 999 benign account-days, the baseline has 500" in (unsupported(small, BUDGET) or "")
    assert unsupported(BENIGN, BUDGET) is None
