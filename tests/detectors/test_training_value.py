"""Training value: words and answers of a harvest, its share in honest use, and what it took."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.training_value import DAY, DOUBT, HONEST, TrainingValue
from tests.detectors.factories import START, measured, observations

ROW = np.arange(100)
HARVEST, HONEST_WORDS = 12.0, -12.0
A_SYSTEM, ANOTHER = np.uint64(1), np.uint64(2)
"""Digests that fall into different places of the state."""


def test_a_harvests_words_lie_above_a_customers() -> None:
    """The same answers under other words: more of the log-odds, more that is likely, more taken."""
    harvest, customer = (measured(TrainingValue(), observations(100, purpose=p)) for p in (HARVEST, HONEST_WORDS))
    assert all(harvest[name] > customer[name] for name in ("training_value.purpose", "training_value.taken_1d"))
    assert (harvest["training_value.likely_share"], customer["training_value.likely_share"]) == (1.0, 0.0)


def test_a_quarter_hidden_in_honest_use_is_a_quarter() -> None:
    """The share of likely queries does not drown where the mean does."""
    mixed = measured(TrainingValue(), observations(100, purpose=np.where(ROW < 25, HARVEST, HONEST_WORDS)))
    assert mixed["training_value.likely_share"] == 0.25
    assert (
        mixed["training_value.purpose"]
        < measured(TrainingValue(), observations(100, purpose=HARVEST))["training_value.purpose"]
    )


def test_a_frame_does_not_drown() -> None:
    """A quarter under a system prompt of its own is told as if it were alone, and a frame of few prompts is not."""
    quarter, few = (
        measured(
            TrainingValue(),
            observations(
                100,
                purpose=np.where(count > ROW, HARVEST, HONEST_WORDS),
                system=np.where(count > ROW, 2**40 + 7, 2**41 + 5).astype(np.uint64),
            ),
        )["training_value.frame"]
        for count in (25, 3)
    )
    assert quarter == pytest.approx((25 * 8.0 + 20 * HONEST) / 45, rel=1e-5)
    assert few < 0.0 < quarter


def test_each_topic_counts_once() -> None:
    """A hundred lessons on four subjects are four topics, and much less breadth than a hundred subjects."""
    narrow, broad, customer = (
        measured(TrainingValue(), observations(100, purpose=purpose, cell=ROW % cells))
        for purpose, cells in ((HARVEST, 4), (HARVEST, 100), (HONEST_WORDS, 100))
    )
    assert [m["training_value.topics"] for m in (narrow, broad, customer)] == [4.0, 100.0, 0.0]
    # Each topic's mean of 8 is mixed with one query at DOUBT; cells fall into 32 groups.
    assert narrow["training_value.breadth"] == pytest.approx(4 * (25 * 8.0 + DOUBT) / 26, rel=1e-5)
    assert broad["training_value.breadth"] > 5 * narrow["training_value.breadth"]
    assert customer["training_value.breadth"] == 0.0


def test_honest_use_under_another_prompt_hides_no_breadth() -> None:
    """The harvest's system prompt adds up as much beside twice as many honest queries under another one."""
    alone = measured(TrainingValue(), observations(30, purpose=HARVEST, cell=np.arange(30), system=A_SYSTEM))
    mixed = observations(
        90,
        purpose=np.where(np.arange(90) < 30, HARVEST, HONEST_WORDS),
        cell=np.arange(90) % 30,
        system=np.where(np.arange(90) < 30, A_SYSTEM, ANOTHER),
    )
    assert measured(TrainingValue(), mixed)["training_value.breadth"] == alone["training_value.breadth"] > 0


def test_what_asks_nothing_new_counts_as_honest() -> None:
    """Half of the queries continue: the level is the mean of the fresh half and of the honest constant."""
    found = measured(TrainingValue(), observations(100, purpose=HARVEST, continues=ROW < 50))
    assert found["training_value.level"] == pytest.approx((found["training_value.purpose"] + HONEST) / 2, rel=1e-5)


def test_copies_are_not_taken() -> None:
    """What stands in the request is no answer: a harvest of copies takes nothing."""
    assert measured(TrainingValue(), observations(100, purpose=HARVEST, copied=1.0))["training_value.taken_1d"] == 0.0


def test_what_was_taken_leaks() -> None:
    """A day later half of it is left."""
    batch = observations(100, purpose=HARVEST)
    now, later = (measured(TrainingValue(), batch, START + 99 + wait)["training_value.taken_1d"] for wait in (0.0, DAY))
    assert later == pytest.approx(now / 2, rel=1e-5)
