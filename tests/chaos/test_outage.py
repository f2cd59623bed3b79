"""The short form of an outage of both stores: nobody is kept waiting for them, and nothing is missing after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.outage import GROWTH, Plan, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")


def test_black_holes_keep_nobody_waiting(tmp_path: Path) -> None:
    """Every request is answered while neither store is, the gateway stays small, and everything is delivered after."""
    found = run(Plan(seconds=5.0, rate=100.0), tmp_path)
    assert found.sent > 500
    assert found.served, found
    assert found.growth <= GROWTH
