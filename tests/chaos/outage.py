"""Both stores as black holes under load: what callers notice of it, and whether everything arrives afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.benchmarks.processes import resident
from tests.chaos.campaign import OPEN, finish
from tests.chaos.check import Verdict, judge
from tests.chaos.faultproxy import BLACK_HOLE
from tests.chaos.load import Load
from tests.chaos.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADDED = 0.025
"""Seconds that the p99 may be longer than undisturbed."""
GROWTH = 64 * 2**20
"""Bytes that the gateway may grow by."""
WARM_UP = 3.0
"""Seconds of load before anything is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long, and under how much."""

    seconds: float
    """Of the outage, and of the undisturbed load before it."""
    rate: float
    """Requests a second."""
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What became of it."""

    plan: Plan
    sent: int
    answered: int
    calm_p99: float
    outage_p99: float
    """Seconds, without and with the stores."""
    growth: int
    """Bytes by which the gateway's process grew while the stores were away."""
    verdict: Verdict

    @property
    def served(self) -> bool:
        """Whether every request was answered, and everything was delivered after."""
        return self.sent == self.answered == self.verdict.rows and self.verdict.faults == 0

    @property
    def held(self) -> bool:
        """Whether every promise was kept, the timed one too."""
        return self.served and self.outage_p99 - self.calm_p99 <= ADDED and self.growth <= GROWTH


def run(plan: Plan, folder: Path) -> Outage:
    """Undisturbed load, the same load without the stores, and the end."""
    with Site(folder, gateways=1, workers=1) as site:
        load = Load(site.ports, plan.rate, plan.seed)
        calm, outage, growth = asyncio.run(_under_load(site, load, plan))
        finish(site, clock=False)
        return Outage(
            plan=plan,
            sent=len(load.sent),
            answered=sum(request.answered for request in load.sent),
            calm_p99=_p99(calm),
            outage_p99=_p99(outage),
            growth=growth,
            verdict=judge(site.store, load.sent),
        )


async def _under_load(site: Site, load: Load, plan: Plan) -> tuple[list[float], list[float], int]:
    sending = asyncio.create_task(load.run())
    await asyncio.sleep(WARM_UP)
    # The worker is at work too, or the undisturbed load would be the lighter one.
    await _until(lambda: site.rows() > 0)
    calm = await _measured(load, plan.seconds)
    before = resident(site.pid("gateway-0"))
    await asyncio.to_thread(site.stream.inject, BLACK_HOLE)
    await asyncio.to_thread(site.database.inject, BLACK_HOLE)
    outage = await _measured(load, plan.seconds)
    growth = resident(site.pid("gateway-0")) - before
    await asyncio.to_thread(site.stream.lift)
    await asyncio.to_thread(site.database.lift)
    load.stopped = True
    await sending
    answered = sum(request.answered for request in load.sent)
    await _until(lambda: site.rows() >= answered - OPEN)
    return calm, outage, growth


async def _measured(load: Load, seconds: float) -> list[float]:
    first = len(load.latencies)
    await asyncio.sleep(seconds)
    return load.latencies[first:]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(240):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.2)


def _p99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]
