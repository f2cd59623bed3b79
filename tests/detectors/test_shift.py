from __future__ import annotations

import numpy as np
import pytest

from detectors.core.observation import EMBEDDING, Observations
from detectors.core.state import dump
from detectors.features import spaces
from detectors.shift import DAY, HOUR, Shift
from tests.detectors.factories import START, measured, observations

SHIFT = Shift()


def ordinary(rows: int, *, seed: int, off: float = 0.0, **given: object) -> Observations:
    """Queries that vary as ordinary ones do in every view, ``off`` deviations away along one coordinate of each."""
    random = np.random.default_rng(seed)
    views = {}
    for view, space in spaces.default().items():
        # The pseudo-inverse of the whitening takes coordinates back to the view.
        coordinates = random.normal(size=(rows, space.whiten.shape[1]))
        coordinates[:, 2] += off
        views[view] = space.mean + coordinates @ np.linalg.pinv(space.whiten)
    return observations(rows, seed=seed, **{**views, **given})


def test_ordinary_queries_lie_at_nothing() -> None:
    """The mean of 2,000 ordinary queries lies within a tenth of a deviation a coordinate of where it should."""
    values = measured(SHIFT, ordinary(2000, seed=1))
    assert all(values[f"shift.{view}_distance"] < 0.1 for view in spaces.VIEWS)


@pytest.mark.parametrize("off", [0.5, 1.0, 2.0])
def test_distance_is_in_deviations(off: float) -> None:
    """Queries that all lie so many deviations away have a Mahalanobis distance of that many."""
    values = measured(SHIFT, ordinary(2000, seed=1, off=off))
    assert values["shift.surface_distance"] == pytest.approx(off, abs=0.1)
    assert values["shift.embedding_distance"] == pytest.approx(off, abs=0.1)


def test_mmd_sees_a_change_of_spread() -> None:
    """Queries of the same mean that hardly vary have no distance but a discrepancy: a narrow harvest."""
    space = spaces.default()["embedding"]
    narrow = ordinary(500, seed=1)
    narrow.embedding[:] = space.mean
    values, usual = measured(SHIFT, narrow), measured(SHIFT, ordinary(500, seed=2))
    assert values["shift.embedding_distance"] < 0.1
    assert values["shift.embedding_mmd"] > 3 * usual["shift.embedding_mmd"]


def test_small_counts_are_not_far_by_chance() -> None:
    """Thirty ordinary queries lie no further away, on average, than three thousand: chance is taken off."""
    few = [measured(SHIFT, ordinary(30, seed=seed))["shift.surface_distance"] ** 2 for seed in range(40)]
    raw = 10 / 30  # ten coordinates, each of variance 1 / 30
    assert np.mean(few) < raw


def test_a_change_of_habit_shows_against_the_own_past() -> None:
    """Three days of the same, then hours of something else: many times what chance gives; more of the same: about 1."""
    before = ordinary(600, seed=1, time=START + np.linspace(0, 3 * DAY, 600))
    since = START + 3 * DAY + np.linspace(0, 6 * HOUR, 200)
    state = SHIFT.update(SHIFT.empty(), before)
    same = SHIFT.measure(SHIFT.update(state, ordinary(200, seed=2, time=since)), START)
    other = SHIFT.measure(SHIFT.update(state, ordinary(200, seed=2, off=1.5, time=since)), START)
    assert same is not None
    assert other is not None
    assert 0.3 < same.values["shift.own_past"] < 2.5
    assert other.values["shift.own_past"] > 10


def test_without_a_past_it_is_what_chance_gives() -> None:
    """A caller of one hour has nothing to be held against."""
    assert measured(SHIFT, ordinary(500, seed=1, off=2.0))["shift.own_past"] == 1.0


def test_a_group_is_judged_as_one() -> None:
    """Accounts that are too small to judge make one that is not, with the mean of all their queries."""
    parts = [ordinary(10, seed=seed, off=1.0) for seed in range(30)]
    merged = SHIFT.empty()
    for part in parts:
        assert SHIFT.measure(SHIFT.update(SHIFT.empty(), part), START) is None
        merged = SHIFT.merge(merged, SHIFT.update(SHIFT.empty(), part))
    found = SHIFT.measure(merged, START)
    assert found is not None
    whole = measured(SHIFT, Observations.concat(parts))
    assert found.values["shift.surface_distance"] == pytest.approx(whole["shift.surface_distance"], rel=1e-4)


def test_retries_and_queries_without_text_do_not_count() -> None:
    """What was asked once counts once, and what cannot be read does not count as ordinary."""
    batch = ordinary(40, seed=1, retry=np.arange(40) % 2 == 1)
    state = SHIFT.update(SHIFT.empty(), batch)
    assert state["seen"] == 20
    blind = observations(40, has_text=False, embedding=np.zeros(EMBEDDING))
    assert dump(SHIFT.update(state, blind)) == dump(state)


def test_state_is_small() -> None:
    """Three views, two half-lives: within 3 KiB."""
    assert len(dump(SHIFT.empty())) <= 3 * 1024
