"""Diversity: one direction, all directions, and what repeats."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.diversity import WIDTH, Diversity, effective_rank
from tests.detectors.factories import START, a_baseline, measured, observations

_UPPER = np.triu_indices(WIDTH)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        pytest.param(np.eye(24), 24.0, id="all-alike"),
        pytest.param(np.diag([1.0] * 4 + [0.0] * 20), 4.0, id="four"),
        pytest.param(np.ones((24, 24)), 1.0, id="one-direction"),
        pytest.param(np.zeros((24, 24)), 1.0, id="nothing"),
    ],
)
def test_effective_rank(moments: np.ndarray, expected: float) -> None:
    """It counts the directions that carry the spread."""
    assert effective_rank(moments[_UPPER]) == pytest.approx(expected)


def test_distinct_prompts_are_counted_once() -> None:
    """A hundred queries over ten prompts are 10 % distinct."""
    prompts = np.random.default_rng(1).integers(0, 2**64, 10, np.uint64)
    found = measured(Diversity(), observations(100, prompt=np.repeat(prompts, 10)))
    assert found["diversity.distinct_share"] == pytest.approx(0.1, rel=0.01)


def test_a_chat_is_less_diverse_than_its_queries() -> None:
    """Continued queries count as queries but not as prompts."""
    found = measured(Diversity(), observations(100, continues=np.arange(100) >= 25))
    assert found["diversity.distinct_share"] == pytest.approx(0.25, rel=0.05)


def test_asking_little_that_is_new_speaks_against() -> None:
    """A low share of distinct prompts is said, a high one is not."""
    detector = Diversity()
    chat = detector.update(detector.empty(), observations(100, continues=np.arange(100) >= 25))
    harvest = detector.update(detector.empty(), observations(100))
    found = [detector.score(state, a_baseline([0.1, 0.4, 0.9]), START) for state in (chat, harvest)]
    assert [list(score.against.values()) for score in found if score] == [
        ["only 24 % of queries ask something new (benign median 40 %)"],
        [],
    ]


def test_one_topic_is_narrow_and_many_are_wide() -> None:
    """The same prompt over and over spans one direction, random ones most of the 24."""
    wide = observations(400)
    narrow = observations(400, embedding=np.repeat(wide.embedding[:1], 400, axis=0))
    assert measured(Diversity(), narrow)["diversity.effective_rank"] == pytest.approx(1.0, abs=1e-6)
    assert measured(Diversity(), wide)["diversity.effective_rank"] > 18


def test_rewordings_are_near_duplicates() -> None:
    """Ten rewordings each of forty prompts are 90 % near duplicates; four hundred random prompts are hardly any."""
    random = np.random.default_rng(4)
    wide = observations(400)
    reworded = wide.embedding[:40].repeat(10, axis=0) + random.normal(scale=1e-6, size=wide.embedding.shape)
    found = measured(Diversity(), observations(400, embedding=reworded))["diversity.near_duplicates"]
    assert found == pytest.approx(0.9, abs=0.03)
    assert measured(Diversity(), wide)["diversity.near_duplicates"] < 0.1
