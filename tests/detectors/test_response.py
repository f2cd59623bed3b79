"""Response: long answers to new questions stand out, labels and documents do not."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.response import Response, median_length
from tests.detectors.factories import START, a_baseline, measured, observations


def test_ratio_is_a_geometric_mean() -> None:
    """Half of the answers four times as long as the question, half a quarter: a ratio of 1."""
    long = np.arange(100) < 50
    batch = observations(100, input_tokens=np.where(long, 99, 399), output_tokens=np.where(long, 399, 99))
    found = measured(Response(), batch)
    assert found["response.answer_ratio"] == pytest.approx(1.0)


def test_tokens_count_over_all_queries() -> None:
    """One fresh query in four with 400 tokens brings 100 tokens a query."""
    found = measured(Response(), observations(100, output_tokens=400, continues=np.arange(100) % 4 > 0))
    assert found["response.fresh_tokens"] == pytest.approx(100.0)
    assert found["response.long_fresh_share"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("tokens", "low", "high"),
    [pytest.param(1, 1, 1.5, id="labels"), pytest.param(3, 2, 4, id="words"), pytest.param(500, 400, 600, id="essays")],
)
def test_median_is_right_to_half_an_octave(tokens: int, low: float, high: float) -> None:
    """Answers of one length have their median within their half-octave."""
    assert low <= measured(Response(), observations(50, output_tokens=tokens))["response.median_answer"] <= high


def test_labels_speak_against() -> None:
    """Batch labelling is named as such."""
    response = Response()
    state = response.update(response.empty(), observations(50, output_tokens=2))
    score = response.score(state, a_baseline(), START)
    assert score is not None
    assert score.against["response.median_answer"].startswith("short, label-like answers: median 2 output tokens")


def test_median_of_mixed_lengths() -> None:
    """The middle bin is found in the cumulated counts."""
    lengths = np.zeros(24, np.uint32)
    lengths[[0, 10, 20]] = (3, 5, 3)
    assert median_length(lengths) == pytest.approx(2**5.25)
