"""Conversation: people and agents leave their traces, and forged ones are worth little."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.conversation import Conversation, people
from tests.detectors.factories import START, a_baseline, measured, observations

RANDOM = np.random.default_rng(8)


def test_shares_are_counted() -> None:
    """Sixty of a hundred continue, forty carry turns, ten of those come with tools."""
    row = np.arange(100)
    found = measured(Conversation(), observations(100, continues=row < 60, depth=3 * (row < 40), tools=row < 10))
    assert found["conversation.continued_share"] == 0.6
    assert found["conversation.carried_share"] == 0.4
    assert found["conversation.tool_share"] == 0.1


def test_tools_on_offer_are_no_session() -> None:
    """A first request that offers tools carries nothing back: a harvest of calls looks so."""
    assert measured(Conversation(), observations(100, tools=True))["conversation.tool_share"] == 0.0


def test_people_come_again_at_their_leisure() -> None:
    """Ten users, ten queries each, minutes apart: 1 - 10/100 of the queries are people's."""
    users = RANDOM.integers(1, 2**64, 10, np.uint64)
    batch = observations(100, end_user=users[np.arange(100) % 10], time=START + 60.0 * np.arange(100))
    assert measured(Conversation(), batch)["conversation.people_share"] == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize(
    ("users", "gap"),
    [
        pytest.param(np.full(100, 7), 60.0, id="one-name"),
        pytest.param(RANDOM.integers(1, 2**64, 100, np.uint64), 60.0, id="a-name-a-query"),
        pytest.param(RANDOM.integers(1, 2**64, 4, np.uint64)[np.arange(100) % 4], 0.1, id="machine-pace"),
    ],
)
def test_made_up_people_clear_little(users: np.ndarray, gap: float) -> None:
    """One name for all, a new name for each query, or names at a machine's pace are hardly people."""
    batch = observations(100, end_user=users, time=START + gap * np.arange(100))
    assert measured(Conversation(), batch)["conversation.people_share"] < 0.1


def test_people_by_hand() -> None:
    """Of 100 named queries, 20 users and 80 minutes apart: 100 · 0.8 · 0.8."""
    assert people(100, 20.0, 80.0) == pytest.approx(64.0)


def test_it_says_what_speaks_against_and_suspects_nobody() -> None:
    """Its score is 0; continued conversations are named with their share and the benign median."""
    conversation = Conversation()
    state = conversation.update(conversation.empty(), observations(100, continues=np.arange(100) < 64))
    score = conversation.score(state, a_baseline([0.2, 0.41, 0.9]), START)
    assert score is not None
    assert (score.value, score.signals) == (0.0, ())
    assert score.against == {
        "conversation.continued_share": "64 % of queries continue an earlier conversation (benign median 41 %)"
    }
