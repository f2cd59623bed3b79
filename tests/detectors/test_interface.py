"""Interface: sweeps stand out, a scorer with fixed ids does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectors.interface import Interface
from tests.detectors.factories import measured, observations

SETS = np.random.default_rng(7).integers(1, 2**64, 100, np.uint64)


def test_a_sweep_brings_a_new_set_a_query() -> None:
    """Last-layer stealing biases other tokens with every query; a scorer biases the same ones."""
    sweep = measured(Interface(), observations(100, bias=SETS, logprobs=True, max_tokens=1))
    scorer = measured(Interface(), observations(100, bias=SETS[0], logprobs=True, max_tokens=1))
    assert sweep["interface.bias_sets"] == pytest.approx(1.0, abs=0.1)
    assert scorer["interface.bias_sets"] == pytest.approx(0.01, rel=0.05)
    assert sweep["interface.probe_share"] == scorer["interface.probe_share"] == 1.0


@pytest.mark.parametrize(
    ("column", "signal"),
    [
        pytest.param("open_turn", "interface.open_turn_share", id="open-turns"),
        pytest.param("training_schema", "interface.training_rows_share", id="training-rows"),
    ],
)
def test_shares_are_of_all_queries(column: str, signal: str) -> None:
    """Twenty-five of a hundred queries are a quarter."""
    quarter: dict[str, Any] = {column: np.arange(100) < 25}
    assert measured(Interface(), observations(100, **quarter))[signal] == 0.25


@pytest.mark.parametrize(
    ("columns", "probing"),
    [
        pytest.param({"bias": SETS}, 0.9, id="new-biases"),
        pytest.param({"offered": SETS}, 0.9, id="new-tools"),
        pytest.param({"open_turn": True}, 0.9, id="open-turns"),
        pytest.param({"bias": np.where(np.arange(100) < 50, SETS, 0)}, 0.4, id="half-of-them"),
        pytest.param({"bias": SETS[np.arange(100) % 20], "offered": SETS[np.arange(100) % 40]}, 0.0, id="sets-again"),
        pytest.param({"open_turn": np.arange(100) < 8}, 0.0, id="a-few-tries"),
    ],
)
def test_probing_is_what_is_ever_new(columns: dict[str, Any], probing: float) -> None:
    """Of a hundred queries the first ten count nothing; sets that come again are a product's own."""
    assert measured(Interface(), observations(100, **columns))["interface.probing"] == pytest.approx(probing, abs=0.1)


def test_caps_are_told_apart() -> None:
    """A grid of thirty caps shows as most of thirty (some fall together), one cap as one, none as none."""
    grid = measured(Interface(), observations(60, max_tokens=np.arange(60) % 30 + 1))["interface.caps"]
    assert 20 <= grid <= 30
    assert measured(Interface(), observations(60, max_tokens=512))["interface.caps"] == 1
    assert measured(Interface(), observations(60))["interface.caps"] == 0


def test_ordinary_use_probes_nothing() -> None:
    """Plain requests have no share of anything."""
    assert set(measured(Interface(), observations(60)).values()) == {0.0}
