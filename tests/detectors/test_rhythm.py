"""Rhythm: hours, onset, and another key after a block."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.rhythm import HOUR, Rhythm
from tests.detectors.factories import START, measured, observations


def test_around_the_clock_and_office_hours() -> None:
    """Two days with traffic in every hour, and two with traffic in eight of 24."""
    hours = np.arange(48)
    always = measured(Rhythm(), observations(48, time=START + HOUR * hours))
    office = measured(Rhythm(), observations(48, time=START + HOUR * (hours % 8 + 24 * (hours // 24))))
    assert always["rhythm.duty"] == pytest.approx(1.0, abs=0.03)
    assert office["rhythm.duty"] == pytest.approx(16 / 31, abs=0.05)


def test_a_burst_is_no_day() -> None:
    """One hour of traffic is one hour of at least a day: a newcomer is not called sleepless."""
    assert measured(Rhythm(), observations(100))["rhythm.duty"] == pytest.approx(1 / 24, rel=1e-3)


def test_full_speed_from_the_start() -> None:
    """600 queries within the first hour are 600 an hour; the same over two days are 12.5."""
    burst = measured(Rhythm(), observations(600))
    slow = measured(Rhythm(), observations(600, time=START + 288.0 * np.arange(600)))
    assert burst["rhythm.onset"] == burst["rhythm.busiest_hour"] == 600.0
    assert slow["rhythm.onset"] == pytest.approx(12.5, rel=0.01)


def test_rotation_is_a_share() -> None:
    """Ten of a hundred requests were refused to another account just before."""
    row = np.arange(100)
    found = measured(Rhythm(), observations(100, rotated=row < 10, refused=row < 3))
    assert found["rhythm.rotated_share"] == pytest.approx(0.1)
    assert found["rhythm.refused_share"] == pytest.approx(0.03)


def test_a_machines_pace_is_steady() -> None:
    """The same count every hour varies by nothing; all in one hour of ten by much."""
    hours = np.repeat(np.arange(10), 10)
    bunched = np.where(np.arange(100) < 91, 0, np.arange(100) - 90)
    steady, bursty = (measured(Rhythm(), observations(100, time=START + HOUR * at)) for at in (hours, bunched))
    assert steady["rhythm.steadiness"] == 1.0
    assert bursty["rhythm.steadiness"] < 0.4
