"""The short form: twenty kills at 1,000 events a second, and two weak variants that must be found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.storm import Plan, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")


def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """After every kill: each answered query is logged once and counted once, as if nobody had been killed."""
    after = run(Plan(kills=20, rate=1000, seconds=20), tmp_path)
    assert sum(after.kills.values()) == 20
    assert set(after.kills) == {"gateway", "worker"}
    assert after.answered > 1000
    assert after.verdict.rows >= after.answered
    assert after.verdict.faults == 0, after.verdict
    assert after.difference is not None
    assert after.difference.entities > 10
    assert after.difference.none, after.difference


def test_acknowledging_from_memory_is_found_out(tmp_path: Path) -> None:
    """A gateway that says yes before the disk does loses what it said yes to, and the harness sees it."""
    after = run(Plan(kills=3, rate=1000, seconds=3, variant="memory", victims=("gateway",)), tmp_path)
    assert after.verdict.lost > 0


def test_positions_stored_apart_are_found_out(tmp_path: Path) -> None:
    """A worker that stores states and positions apart counts queries twice, and the harness sees it.

    Not at every kill: it must fall between the two. So there are several storms, until one has met it.
    """
    miscounted = 0
    for seed in range(1, 6):
        plan = Plan(kills=3, rate=1000, seconds=3, seed=seed, variant="apart", victims=("worker",))
        folder = tmp_path / str(seed)
        folder.mkdir()
        miscounted = run(plan, folder).verdict.miscounted
        if miscounted:
            break
    assert miscounted > 0
