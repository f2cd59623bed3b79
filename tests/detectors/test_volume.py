"""Volume: what its sums settle at, and what does not count."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detectors.core.baseline import Baselines
from detectors.volume import DAY, HOUR, Volume
from tests.detectors.factories import START, a_baseline, measured, observations

if TYPE_CHECKING:
    from detectors.core.observation import Observations

A_MONTH = 30 * 24


def hourly(hours: int, **given: Any) -> Observations:
    """One query an hour."""
    return observations(hours, time=START + HOUR * np.arange(hours), **given)


def test_steady_stream_settles() -> None:
    """A steady stream settles at tokens a query / (1 - 2^(-gap / half-life))."""
    found = measured(Volume(), hourly(A_MONTH, output_tokens=1000), at=START + HOUR * (A_MONTH - 1))
    assert found["volume.fresh_tokens_1h"] == pytest.approx(1000 / (1 - 2.0 ** (-HOUR / HOUR)), rel=1e-4)
    assert found["volume.fresh_tokens_1d"] == pytest.approx(1000 / (1 - 2.0 ** (-HOUR / DAY)), rel=1e-4)


def test_sums_leak_after_the_last_query() -> None:
    """A day after the last query, half of the day's sum is left."""
    batch, last = hourly(48), START + 47 * HOUR
    assert measured(Volume(), batch, last + DAY)["volume.fresh_tokens_1d"] == pytest.approx(
        measured(Volume(), batch, last)["volume.fresh_tokens_1d"] / 2, rel=1e-5
    )


@pytest.mark.parametrize("column", ["continues", "rerun", "retry"])
def test_what_is_not_fresh_adds_nothing(column: str) -> None:
    """An honest heavy user, who continues, re-runs or retries, takes nothing new."""
    assert measured(Volume(), hourly(100, **{column: True}), START + 100 * HOUR)["volume.fresh_tokens_1d"] == 0.0


def test_failed_queries_add_nothing() -> None:
    """No answer, no material."""
    assert measured(Volume(), hourly(100, ok=False), START + 100 * HOUR)["volume.fresh_tokens_1d"] == 0.0


def test_a_late_event_does_not_raise_the_sum() -> None:
    """An event that is older than the newest counts as little as its age."""
    volume = Volume()
    state = volume.update(volume.empty(), hourly(48, output_tokens=0))
    late = volume.update(state, observations(1, time=START + 47 * HOUR - DAY, output_tokens=1000))
    assert late["time"] == state["time"]
    assert late["tokens"][1] == pytest.approx(500.0)


def test_what_is_copied_adds_nothing() -> None:
    """Of an answer that stands in the request for three quarters, a quarter is new."""
    found = [measured(Volume(), hourly(48, copied=share), START + 48 * HOUR) for share in (0.0, 0.75)]
    assert found[1]["volume.fresh_tokens_1d"] == pytest.approx(found[0]["volume.fresh_tokens_1d"] / 4, rel=1e-5)


def test_says_what_speaks_against() -> None:
    """The share of re-run queries is named with its number and the benign median."""
    batch = hourly(100, continues=np.arange(100) < 64, rerun=np.arange(100) >= 70)
    volume = Volume()
    state = volume.update(volume.empty(), batch)
    score = volume.score(state, a_baseline([0.2, 0.41, 0.9]), START + 100 * HOUR)
    assert score is not None
    assert score.against == {
        "volume.rerun_share": "30 % are exact re-runs, as evaluation harnesses do (benign median 41 %)"
    }


def test_reason_has_numbers_and_units() -> None:
    """The evidence is a sentence with the value, its unit and the benign median."""
    volume = Volume()
    state = volume.update(volume.empty(), hourly(100, output_tokens=1000))
    score = volume.score(state, a_baseline(), START + 99 * HOUR)
    assert score is not None
    (hour, _day) = score.signals
    assert hour.text == (
        "answers to new, single-turn prompts add up to 2,000 tokens in the last hours (half-life 1 h)"
        " (benign median 50 tokens)"
    )
    assert hour.p_value == pytest.approx(1 / 100)
    assert score.value == pytest.approx(1 - 2 / 100)


def test_an_empty_baseline_accuses_nobody() -> None:
    """Where nothing is known of benign traffic, the score is 0."""
    volume = Volume()
    state = volume.update(volume.empty(), hourly(100, output_tokens=1e6))
    score = volume.score(state, Baselines.empty().of("account", 100), START + 99 * HOUR)
    assert score is not None
    assert score.value == 0.0
    assert all(math.isclose(signal.p_value, 1.0) for signal in score.signals)
