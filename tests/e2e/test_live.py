"""What the live run said is what a replay of its log says."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from service.simulate.population import Mix, population
from service.simulate.texts import own
from tests.e2e.live import compare
from tests.e2e.upstream import standin

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")

QUERIES = 600


def test_a_replay_of_the_log_equals_the_live_run(tmp_path: Path) -> None:
    """Honest callers and distillers through the proxy: every query answered and logged, every evaluation the same."""
    mix = Mix(benign=6, attackers=4, days=1, ceiling=200)
    records = list(islice(population(5, mix, own()), QUERIES))
    with standin() as upstream:
        found = compare(records, folder=tmp_path / "data", upstream=upstream, speed=20.0, longest_gap=0.01)
    assert found.resent.sent == sum(found.resent.statuses.values()) == found.logged == QUERIES
    assert found.live.keys() == found.replayed.keys()
    assert len(found.live) > 10
    assert found.furthest <= 1e-9
    assert found.same_flags
