"""A group adds up, and its measures say what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.coordination.group import MEASURES, Group, measure
from tests.detectors.coordination.factories import some

if TYPE_CHECKING:
    from detectors.coordination.footprints import Footprints


def folded(*parts: Footprints) -> Group:
    """A group over footprints."""
    group = Group()
    for rows in parts:
        group.fold(rows.turns())
    return group


def values(group: Group, whole: int = 0) -> dict[str, float]:
    """Measures by name."""
    return dict(zip(MEASURES, measure(group, whole or group.queries).tolist(), strict=True))


@given(st.integers(1, 400), st.integers(0, 400), st.integers(1, 4), st.sampled_from((9, 200)))
def test_parts_merge_to_the_whole(rows: int, cut: int, seed: int, accounts: int) -> None:
    """In either order, with samples of payloads and of accounts that are full too."""
    whole = some(rows, seed=seed, accounts=accounts)
    whole = whole.take(np.arange(rows))
    first, second = whole.take(np.arange(rows) < cut), whole.take(np.arange(rows) >= cut)
    expected = folded(whole)
    for one, other in ((first, second), (second, first)):
        merged = folded(one)
        merged.merge(folded(other))
        assert merged.uses == expected.uses
        assert merged.by_actor == expected.by_actor
        assert merged.queries == expected.queries
        assert merged.payloads == expected.payloads
        assert merged.topics == expected.topics
        assert merged.follows == expected.follows
        np.testing.assert_array_equal(merged.cells, expected.cells)
        np.testing.assert_allclose([merged.purpose, merged.output_tokens], [expected.purpose, expected.output_tokens])


def test_a_dealt_out_list_is_disjoint_and_a_shared_one_is_not() -> None:
    """Payloads that several actors sent count as such."""
    assert values(folded(some(100)))["disjoint"] == 1.0
    assert values(folded(some(100, prompt=5)))["disjoint"] == 0.0


def test_a_few_popular_payloads_are_not_fresh() -> None:
    """Though most different payloads come from one actor alone, half of the queries ask what everybody asks."""
    rng = np.random.default_rng(3)
    own = rng.integers(1, 1 << 63, 4000, dtype=np.uint64) * np.uint64(2)
    popular = np.where(np.arange(4000) % 2, own, own[np.arange(4000) % 16])
    assert values(folded(some(4000, prompt=own)))["fresh"] > 0.85
    assert values(folded(some(4000, prompt=popular)))["fresh"] < 0.6
    assert values(folded(some(4000, prompt=popular)))["disjoint"] > 0.95


def test_a_few_queries_are_not_fresh_yet() -> None:
    """Ten of any kind are all different."""
    assert values(folded(some(10)))["fresh"] < 0.5 < values(folded(some(100)))["fresh"]


def test_devotion_is_the_share_of_all_that_the_accounts_ask() -> None:
    """Where they ask as much again of something else it is a half."""
    group = folded(some(100))
    assert values(group)["devotion"] == 1.0
    assert values(group, 200)["devotion"] == 0.5


def test_the_accounts_of_one_org_are_one_actor() -> None:
    """However many there are."""
    assert values(folded(some(100, accounts=40, actor=7)))["actors"] == 0.0


def test_evenness_falls_where_one_asks_most() -> None:
    """It is one where all ask as much."""
    even = some(100, account=np.repeat(np.arange(10), 10), actor=np.repeat(np.arange(10), 10))
    skewed = some(100, account=np.arange(100) // 91, actor=np.arange(100) // 91)
    assert values(folded(even))["even"] == 1.0
    assert values(folded(skewed))["even"] < 0.6
