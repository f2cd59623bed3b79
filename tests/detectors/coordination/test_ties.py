"""Ties say how much accounts share, and timing only what chance does not give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectors.coordination.group import Group
from detectors.coordination.ties import in_step, ties
from tests.detectors.coordination.factories import some


def group(**fixed: Any) -> Group:
    """Twelve accounts with a query each."""
    made = Group()
    account = np.arange(1, 13)
    made.fold(some(12, account=account, actor=account, **fixed).turns())
    return made


def test_places_are_the_pairs_that_share_one() -> None:
    """Of those whose place is known; where none is, nothing is shared."""
    network = np.array([7] * 4 + [0] * 2 + list(range(100, 106)))
    np.testing.assert_allclose(ties(group(network=network, client=5))[:2], [4 * 3 / (10 * 9), 1.0])
    assert ties(group(network=0, client=0))[:2].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("step", "expected"), [pytest.param(0.0, 0.0, id="each-by-itself"), pytest.param(1.0, 0.4, id="in-step")]
)
def test_accounts_that_are_driven_in_step(step: float, expected: float) -> None:
    """Forty in one hour: pairs of them begin and end half a second apart, or nobody waits for anybody."""
    rng = np.random.default_rng(4)
    alone = rng.uniform(0, 3600, (40, 2))
    pairs = np.repeat(alone[:20], 2, axis=0) + np.tile([[0.0], [0.5]], (20, 1))
    assert in_step(np.where(step, pairs, alone)) == pytest.approx(expected, abs=0.12)


def test_a_busy_group_is_not_in_step() -> None:
    """Where two queries come in every three seconds one is often near another, in whatever order they come."""
    assert in_step(np.random.default_rng(6).uniform(0, 1200, (400, 2))) < 0.02
