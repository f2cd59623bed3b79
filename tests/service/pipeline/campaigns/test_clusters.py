"""Which suspicious groups are one campaign."""

from __future__ import annotations

import numpy as np

from detectors.coordination.index import Index
from service.pipeline.campaigns.clusters import Clusters
from tests.detectors.coordination.factories import some

LARGE, SMALL = 1, 2


def used(index: Index, key: int, accounts: range) -> None:
    """One query of each account with the key."""
    names = np.array(accounts, np.uint64)
    index.fold(some(len(names), account=names, actor=names, keys=[0, 0, 0, key], time=1e9))


def test_a_small_group_of_a_large_campaigns_accounts_is_that_campaign() -> None:
    """Though they are a small share of the large one's, and it was suspicious by itself before."""
    index, clusters = Index(), Clusters()
    used(index, SMALL, range(1, 11))
    [small] = clusters.grow([SMALL], index)
    used(index, LARGE, range(1, 1001))
    [both] = clusters.grow([LARGE], index)
    assert both.id == small.id
    assert both.keys == {LARGE, SMALL}


def test_one_account_of_both_makes_no_campaign_of_two() -> None:
    """Whoever is a member twice, by chance or to mislead, ties nothing."""
    index, clusters = Index(), Clusters()
    used(index, SMALL, range(1, 11))
    clusters.grow([SMALL], index)
    used(index, LARGE, range(10, 1001))
    [large] = clusters.grow([LARGE], index)
    assert large.keys == {LARGE}


def test_a_campaign_names_those_that_it_was_told_of_as() -> None:
    """Those that nobody heard of are not named."""
    index, clusters = Index(), Clusters()
    for number, key in enumerate((3, 4, 5)):
        used(index, key, range(10 * number + 1, 10 * number + 11))
        [one] = clusters.grow([key], index)
        one.told_at = 0 if key == 5 else 1
    used(index, LARGE, range(1, 31))
    [whole] = clusters.grow([LARGE], index)
    assert whole.keys == {3, 4, 5, LARGE}
    assert whole.joined == {f"{4:016x}"}


def test_accounts_of_a_campaign_are_added_up_as_its_groups_come_and_go() -> None:
    """Of those that are one now, and without a group that is not followed any more."""
    index, clusters = Index(), Clusters()
    used(index, SMALL, range(1, 11))
    clusters.grow([SMALL], index)
    clusters.count([SMALL], index)
    used(index, SMALL, range(11, 13))
    used(index, LARGE, range(1, 31))
    [both] = clusters.grow([LARGE], index)
    clusters.count([LARGE, SMALL], index)
    assert both.accounts == 12 + 30
    del index.groups[LARGE]
    index.dropped.add(LARGE)
    clusters.count([], index)
    assert (both.accounts, index.dropped) == (12, set())
