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


def test_labels_are_counted() -> None:
    """Answers of up to eleven tokens are labels, twelve are the next bin's."""
    tokens = np.where(np.arange(50) < 20, 11, 12)
    assert measured(Response(), observations(50, output_tokens=tokens))["response.label_share"] == pytest.approx(0.4)


def test_copies_speak_against_and_are_no_answer() -> None:
    """Four fifths of an answer that stand in the request leave a fifth as new, and are said."""
    response = Response()
    state = response.update(response.empty(), observations(50, output_tokens=500, copied=0.8))
    score = response.score(state, a_baseline(), START)
    assert score is not None
    assert score.values["response.copied_share"] == pytest.approx(0.8)
    assert score.values["response.fresh_tokens"] == pytest.approx(100.0)
    assert score.against["response.copied_share"].startswith("80 % of what was answered stands in the request")


def test_median_of_mixed_lengths() -> None:
    """The middle bin is found in the cumulated counts."""
    lengths = np.zeros(24, np.uint32)
    lengths[[0, 10, 20]] = (3, 5, 3)
    assert median_length(lengths) == pytest.approx(2**5.25)
