"""Ties say how much accounts share, and timing and topics only what chance does not give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectors.coordination.group import Group
from detectors.coordination.ties import divided, in_step, ties
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


def asked(accounts: int, each: int, topics: int, *, own: bool) -> Group:
    """Accounts that ask so often each, on a topic of their own or on all by chance."""
    made = Group()
    account = np.repeat(np.arange(1, accounts + 1), each)
    cell = account % topics if own else np.random.default_rng(3).integers(0, topics, accounts * each)
    made.fold(some(accounts * each, account=account, actor=account, cell=cell).turns())
    return made


def test_accounts_that_divide_up_the_topics() -> None:
    """Forty keys with a topic each of forty; dealt out in turn, the same queries tie nothing, few or many of each."""
    assert divided(asked(40, 12, 40, own=True).topics) > 4.0
    for each in (4, 12, 50):
        assert divided(asked(40, each, 40, own=False).topics) < 0.5


def test_accounts_of_one_topic_divide_nothing() -> None:
    """A narrow harvest is as alike between its accounts as within them."""
    assert divided(asked(40, 12, 1, own=True).topics) == 0.0


def test_too_few_pairs_say_nothing_of_topics() -> None:
    """A query or two of each account: whatever they are on, nothing is said."""
    assert divided(asked(60, 1, 60, own=True).topics) == 0.0
    assert divided({}) == 0.0
