"""Steps on a site under load, one after the other, and what is left behind all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.bootstrap.stores import secrets
from service.model.query import Start
from tests.chaos.campaign import finish
from tests.chaos.check import Verdict, judge
from tests.chaos.left import Difference, compare, left_in
from tests.chaos.load import Load
from tests.chaos.storm import STUCK
from tests.chaos.undisturbed import spooled, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.chaos.site import Site

RATE = 60.0
"""Requests a second."""
CUT_OFF = 10
"""Requests on their way when a gateway is killed, at most, at this rate: their ends may be missing for long."""
BETWEEN = 1.5
"""Seconds of load between two steps."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What became of it."""

    sent: int
    answered: int
    verdict: Verdict
    difference: Difference


def run(site: Site, steps: Sequence[Callable[[], None]]) -> Steps:
    """Do the steps under load, let everything be taken, and compare with an undisturbed run."""
    load = Load(site.ports, RATE, seed=1)
    asyncio.run(_under_load(load, steps))
    finish(site)
    key = secrets(site.settings("watcher")).spool_key
    spools = [site.settings(f"shipper-{n}").spool for n in range(site.gateways)]
    measure = undisturbed(site.settings("watcher"), [spooled(spool, key) for spool in spools])
    return Steps(
        sent=len(load.sent),
        answered=sum(request.answered for request in load.sent),
        verdict=judge(site.store, load.sent),
        difference=compare(left_in(site.store), measure),
    )


def caught_up(site: Site) -> None:
    """Wait until the log has the queries that the gateways' spools have by now, but for those on their way."""
    key = secrets(site.settings("watcher")).spool_key
    spools = [site.settings(f"shipper-{n}").spool for n in range(site.gateways)]
    logged = sum(isinstance(item.record, Start) for spool in spools for item in spooled(spool, key))
    site.until(lambda: site.rows() >= logged - CUT_OFF, "the log catches up", STUCK)


async def _under_load(load: Load, steps: Sequence[Callable[[], None]]) -> None:
    sending = asyncio.create_task(load.run())
    for step in steps:
        await asyncio.sleep(BETWEEN)
        await asyncio.to_thread(step)
    await asyncio.sleep(BETWEEN)
    load.stopped = True
    await sending
