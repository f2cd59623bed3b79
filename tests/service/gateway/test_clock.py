"""The clock of the records rises, follows the wall's drift, and ignores its steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.gateway.clock import CHECK, SLEW, Clock

SECOND = 1_000_000
YEAR = 365 * 86400 * SECOND


class Times:
    """A wall and a monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000 * SECOND
        self.monotonic = 5 * SECOND

    def clock(self) -> Clock:
        return Clock(lambda: self.wall * 1000, lambda: self.monotonic * 1000)

    def pass_by(self, microseconds: int) -> None:
        self.wall += microseconds
        self.monotonic += microseconds


@given(st.lists(st.tuples(st.integers(0, 2 * CHECK), st.integers(-YEAR, YEAR)), max_size=50))
def test_it_rises_whatever_the_wall_does(steps: list[tuple[int, int]]) -> None:
    """No two readings are equal or fall, through steps of the wall in either direction."""
    times = Times()
    clock = times.clock()
    last = clock.now()
    for passed, step in steps:
        times.pass_by(passed)
        times.wall += step
        now = clock.now()
        assert now > last
        last = now


def test_it_is_the_wall() -> None:
    """Undisturbed it gives the wall's time."""
    times = Times()
    clock = times.clock()
    for _ in range(5):
        times.pass_by(CHECK)
        assert clock.now() == times.wall


@pytest.mark.parametrize("step", [-YEAR, -2 * SECOND, 2 * SECOND, YEAR])
def test_a_step_is_followed_slowly(step: int) -> None:
    """A step of seconds or of a year moves it by no more than the slew at each look."""
    times = Times()
    clock = times.clock()
    before = clock.now()
    times.wall += step
    times.pass_by(CHECK)
    assert abs(clock.now() - before - CHECK) == SLEW


def test_drift_is_made_good() -> None:
    """A drift that NTP would slew is gone at the next look."""
    times = Times()
    clock = times.clock()
    times.wall += 30_000
    times.pass_by(CHECK)
    assert clock.now() == times.wall


@pytest.mark.parametrize("ahead", [-YEAR, 0, SECOND])
def test_it_begins_above_the_floor(ahead: int) -> None:
    """A wall that was set back while nothing ran gives no time that an earlier process may have given."""
    times = Times()
    clock = Clock(lambda: times.wall * 1000, lambda: times.monotonic * 1000, floor=times.wall + ahead)
    assert clock.now() == max(times.wall, times.wall + ahead + 1)
