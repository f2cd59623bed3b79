"""Which keys are followed, and what is let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.coordination import index as module
from detectors.coordination.index import ACTORS, Index
from tests.detectors.coordination.factories import some

if TYPE_CHECKING:
    import pytest


def test_a_key_is_followed_from_its_eighth_actor_on() -> None:
    """Not before, and not for the accounts of one org."""
    index = Index()
    for account in range(1, ACTORS):
        assert not index.fold(some(1, seed=account, account=account, actor=account, keys=[9, 0, 0, 0]))
    assert not index.fold(some(3, account=77, actor=1, keys=[9, 0, 0, 0]))
    assert index.fold(some(1, account=ACTORS, actor=ACTORS, keys=[9, 0, 0, 0])) == [9]


def test_all_queries_of_an_account_are_counted() -> None:
    """Of the key or not."""
    index = Index()
    index.fold(some(200, accounts=10))
    group = index.groups[min(index.groups)]
    assert index.whole(group) == 200
    assert sum(index.total(account) for account in group.uses) == 200


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used longest ago goes first."""
    monkeypatch.setattr(module, "SIGHTED", 50)
    monkeypatch.setattr(module, "ACCOUNTS", 50)
    monkeypatch.setattr(module, "FOLLOWED", 3)
    index = Index()
    for number in range(1, 11):
        rows = 20
        account = np.arange(rows) + 1000 * number
        keys = np.zeros((rows, 4), np.uint64)
        keys[:, 0] = number
        keys[:, 1] = np.arange(rows) + 10_000 * number
        index.fold(some(rows, account=account, actor=account, keys=keys, time=1e9 + number))
    assert set(index.groups) == {8, 9, 10} == set(index.kinds) == set(index.used)
    assert len(index.once) + len(index.sighted) <= 50
    assert max(index.once) == 100_019
    assert len(index.accounts) <= 50
    assert max(index.accounts) == 10_019


def test_what_one_actor_used_goes_before_what_several_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """And of either what was used longest ago."""
    monkeypatch.setattr(module, "SIGHTED", 20)
    index = Index()
    for account in (1, 2):
        index.fold(some(1, account=account, actor=account, keys=[7, 0, 0, 0], time=1e9))
    for number in range(100, 130):
        index.fold(some(1, account=3, actor=3, keys=[number, 0, 0, 0], time=1e9 + number))
        index.fold(some(1, account=3, actor=3, keys=[100, 0, 0, 0], time=1e9 + number))
    assert set(index.sighted) == {7}
    assert {100, 129} <= set(index.once)
    assert 101 not in index.once


def test_a_group_is_measured_again_when_it_has_grown() -> None:
    """Not in every slot in which it is used, and not by whoever asks twice."""
    index = Index()
    touched = index.fold(some(100, keys=[9, 0, 0, 0]))
    assert index.due(touched) == [9]
    assert not index.due(touched)
    assert not index.due(index.fold(some(4, seed=2, keys=[9, 0, 0, 0])))
    assert index.due(index.fold(some(1, seed=3, keys=[9, 0, 0, 0]))) == [9]


def test_the_accounts_of_all_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The groups that were used longest ago go."""
    monkeypatch.setattr(module, "USES", 50)
    index = Index()
    for number in range(1, 5):
        index.fold(some(200, accounts=20, keys=[number, 0, 0, 0], time=1e9 + number))
    assert set(index.groups) == {3, 4}
    assert index.uses == sum(len(group.uses) for group in index.groups.values()) == 40
