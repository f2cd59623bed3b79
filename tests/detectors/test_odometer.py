"""Odometer: breadth with substance, told from each alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from detectors.odometer import Odometer
from tests.detectors.factories import START, measured, observations

HOUR = 3600.0


def taken(cells: object, at: float = START + 160, **given: Any) -> float:
    """Tokens on the odometer after 160 queries in these cells, without leak between them."""
    batch = observations(160, cell=cells, time=START + 160, **given)
    return measured(Odometer(), batch, at)["odometer.taken_3h"]


def test_by_hand() -> None:
    """160 answers of 100 tokens over 16 topics, ten a topic: 16 * 100 * ln(11)."""
    assert taken(np.arange(160) % 16) == pytest.approx(16 * 100 * math.log(11), rel=1e-5)


@pytest.mark.parametrize(
    ("cells", "tokens"),
    [
        pytest.param(np.zeros(160), 900, id="a-content-mill-is-long-and-narrow"),
        pytest.param(np.arange(160), 3, id="a-labelling-job-is-broad-and-short"),
    ],
)
def test_one_alone_is_little(cells: np.ndarray, tokens: int) -> None:
    """Neither nine hundred tokens on one topic nor three on each of 160 come near a harvest of both."""
    assert taken(cells, output_tokens=tokens) < taken(np.arange(160), output_tokens=400) / 5


def test_it_leaks() -> None:
    """One visit a topic: after a half-life a topic counts ln(1.5), at once ln(2)."""
    now, later = taken(np.arange(160)), taken(np.arange(160), at=START + 160 + 3 * HOUR)
    assert later / now == pytest.approx(math.log(1.5) / math.log(2), rel=1e-5)


def test_what_is_not_fresh_adds_nothing() -> None:
    """Continued conversations, re-runs, retries and failed queries leave the state as it was."""
    odometer = Odometer()
    for stale in ({"continues": True}, {"rerun": True}, {"retry": True}, {"ok": False}):
        state = odometer.update(odometer.empty(), observations(40, **stale))
        assert state == odometer.empty()


def test_topics_count_recent_visits() -> None:
    """Each of 160 topics visited once counts 1 - exp(-1): it may have been chance."""
    batch = observations(160, cell=np.arange(160), time=START + 160)
    found = measured(Odometer(), batch, START + 160)
    assert found["odometer.topics_3h"] == pytest.approx(160 * (1 - math.exp(-1)), rel=1e-5)
