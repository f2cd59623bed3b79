"""Coverage: rarefaction, unseen topics, and what opens nothing up."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.coverage import Coverage, chao1, rarefied
from tests.detectors.factories import measured, observations


@pytest.mark.parametrize(
    ("counts", "sample", "total", "expected"),
    [
        pytest.param([20.0], 20, 20, 1.0, id="one-cell"),
        pytest.param([1.0] * 20, 20, 20, 20.0, id="all-different"),
        pytest.param([1.0] * 20, 20, 40, 10.0, id="half-of-the-queries"),
        pytest.param([1.0, 3.0], 2, 4, 1.5, id="by-hand"),
    ],
)
def test_rarefied(counts: list[float], sample: int, total: float, expected: float) -> None:
    """It is the expected number of cells in a sample: by hand 1 + P(the single one is among 2 of 4) = 1.5."""
    assert rarefied(np.array(counts), sample, total) == pytest.approx(expected)


def test_rarefied_is_the_mean_over_samples() -> None:
    """It agrees with drawing samples."""
    random = np.random.default_rng(3)
    visits = random.integers(0, 30, 200)
    drawn = [len(set(random.choice(visits, 20, replace=False))) for _ in range(4000)]
    counts = np.bincount(visits)[np.bincount(visits) > 0].astype(float)
    assert rarefied(counts, 20, 200.0) == pytest.approx(np.mean(drawn), abs=0.1)


def test_chao1_by_hand() -> None:
    """Five cells, three of them visited once and one twice: 5 + 3 * 2 / (2 * 2) = 6.5 topics."""
    assert chao1(np.array([1.0, 1.0, 1.0, 2.0, 9.0])) == 6.5


def test_a_chat_opens_little_up() -> None:
    """Three of four queries continue: twenty queries open up what five fresh prompts do, not what twenty do."""
    cells = np.arange(160) % 200
    chat = measured(Coverage(), observations(160, cell=cells, continues=np.arange(160) % 4 > 0))
    harvest = measured(Coverage(), observations(160, cell=cells))
    assert chat["coverage.opened_in_20"] == pytest.approx(5.0, rel=0.01)
    assert harvest["coverage.opened_in_20"] == pytest.approx(20.0, rel=0.01)


def test_asked_again_opens_nothing_up() -> None:
    """An evaluation harness on its second night visits no new cell."""
    first = observations(100)
    coverage = Coverage()
    once = coverage.update(coverage.empty(), first)
    twice = coverage.update(once, observations(100, rerun=True))
    np.testing.assert_array_equal(once["cells"], twice["cells"])


def test_unseen_mass_is_good_turings() -> None:
    """The share of prompts whose cell was visited once: 10 of 30."""
    cells = np.concatenate([np.arange(10), np.repeat(np.arange(10, 20), 2)])
    assert measured(Coverage(), observations(30, cell=cells))["coverage.unseen_mass"] == pytest.approx(1 / 3, rel=1e-5)


def test_heaps_exponent_tells_a_closed_set_from_an_open_one() -> None:
    """Topics that open up one a prompt grow with the count; ten topics are all seen in a quarter of the prompts."""
    open_set, closed = (
        measured(Coverage(), observations(n, cell=np.arange(n) % k)) for n, k in ((200, 200), (400, 10))
    )
    assert open_set["coverage.heaps"] == pytest.approx(1.0, abs=0.15)
    assert closed["coverage.heaps"] == pytest.approx(0.0, abs=1e-9)
