"""The order of records holds from one gateway process to the next."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from service.gateway.clock import Clock
from service.gateway.floor import AHEAD, FURTHEST, Floor

if TYPE_CHECKING:
    from pathlib import Path

SECOND = 1_000_000


def now() -> int:
    """The wall's time in microseconds."""
    return time.time_ns() // 1000


async def test_a_gateway_that_is_killed_leaves_a_floor_above_its_times(tmp_path: Path) -> None:
    """What is kept while it runs is ahead of the times until the next note, and a next clock begins above it."""
    noted = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Watched(Floor):
        def note(self, at: int) -> None:
            super().note(at)
            loop.call_soon_threadsafe(noted.set)

    floor, clock = Watched(tmp_path / "clock"), Clock()
    keeping = asyncio.ensure_future(floor.keep(clock))
    before = clock.now()
    await noted.wait()
    keeping.cancel()
    last = before + AHEAD // 2
    assert floor.read() > last
    set_back = Clock(lambda: (last - 60 * SECOND) * 1000, floor=floor.read())
    assert set_back.now() > last


def test_a_stop_in_order_leaves_it_exact(tmp_path: Path) -> None:
    """After a stop the next process begins at the wall's time, not half a second ahead of it."""
    floor, clock = Floor(tmp_path / "clock"), Clock()
    floor.note(clock.now() + AHEAD)
    floor.settle(clock)
    assert floor.read() < clock.now()


@pytest.mark.parametrize(
    ("ahead", "followed"),
    [pytest.param(FURTHEST // 2, True, id="half-an-hour"), pytest.param(2 * FURTHEST, False, id="two-hours")],
)
def test_a_floor_far_ahead_is_not_followed(ahead: int, *, followed: bool, tmp_path: Path) -> None:
    """A clock that had run hours ahead and was set right does not keep the gateway in the future."""
    floor, at = Floor(tmp_path / "clock"), now() + ahead
    floor.note(at)
    assert floor.read() == (at if followed else 0)


@pytest.mark.parametrize("text", [None, "", "soon"])
def test_no_floor_is_none(text: str | None, tmp_path: Path) -> None:
    """A file that is missing or says nothing holds nobody up."""
    path = tmp_path / "clock"
    if text is not None:
        path.write_text(text)
    assert Floor(path).read() == 0
