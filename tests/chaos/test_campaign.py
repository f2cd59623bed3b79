"""The short form of the campaign: some kills of everything and the worst faults, on Valkey and on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.campaign import Plan, run
from tests.chaos.faults import FAULTS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")


@pytest.mark.parametrize(
    ("clustered", "faults"),
    [
        pytest.param(False, ("1", "3", "15"), id="valkey"),
        pytest.param(True, ("3", "9"), id="cluster"),
    ],
)
def test_nothing_is_lost_or_counted_twice_by_several_hosts(
    clustered: bool,  # noqa: FBT001 - from the parameters
    faults: tuple[str, ...],
    tmp_path: Path,
) -> None:
    """With gateways, shippers, workers and stores killed: everything acknowledged is logged and counted once."""
    outcome = run(Plan(clustered=clustered, rate=200, seconds=5, kills=3, faults=faults), tmp_path)
    assert outcome.faults == dict.fromkeys(faults, "")
    assert outcome.answered > 100
    assert outcome.failed == 0
    assert outcome.verdict is not None
    assert outcome.verdict.faults == 0, outcome.verdict
    assert outcome.difference is not None
    assert outcome.difference.rows >= outcome.answered
    assert outcome.difference.entities > 10
    assert outcome.difference.none, outcome.difference


def test_a_gateway_that_is_killed_while_redis_is_down_needs_its_disk(tmp_path: Path) -> None:
    """A gateway that acknowledges from memory loses what it said yes to, and the harness sees it."""
    outcome = run(Plan(rate=200, seconds=3, kills=0, faults=("33", "1"), variant="memory"), tmp_path)
    assert outcome.verdict is not None
    assert outcome.verdict.lost > 0


def test_every_fault_has_a_name_of_its_own() -> None:
    """The list is long enough, and says what each is."""
    assert len({fault.name for fault in FAULTS.values()}) == len(FAULTS)
    assert len({number.rstrip("bc") for number, fault in FAULTS.items() if not fault.clustered}) >= 25
