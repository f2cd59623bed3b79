"""A campaign: load on a site, faults one by one and kills at random between them, then the verdict."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.bootstrap.stores import secrets
from service.ports import StoreUnavailable
from tests.chaos.check import Verdict, judge
from tests.chaos.faults import FAULTS
from tests.chaos.left import Difference, compare, left_in
from tests.chaos.load import Load
from tests.chaos.site import Site
from tests.chaos.storm import EVENTS_PER_REQUEST, STUCK, let_time_pass
from tests.chaos.undisturbed import spooled, undisturbed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPEN = 64
"""Requests on their way when a gateway is killed, at most: their ends may be lost, so that they are closed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done to the site."""

    clustered: bool = False
    rate: float = 1500.0
    """Events a second; a request has two."""
    seconds: float = 600.0
    """Of load, at least."""
    kills: int = 60
    """At random, beside those among the faults."""
    faults: Sequence[str] = tuple(FAULTS)
    seed: int = 1
    variant: str = ""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of it."""

    plan: Plan
    kills: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    """Number -> what was wrong about it; empty where all was right."""
    seconds: float = 0.0
    sent: int = 0
    answered: int = 0
    failed: int = 0
    """Requests without an answer although their gateway was not killed."""
    verdict: Verdict | None = None
    difference: Difference | None = None
    """None for a weak variant, whose spools are no measure."""

    @property
    def held(self) -> bool:
        """Whether every promise was kept."""
        same = self.difference is None or self.difference.none
        sound = self.verdict is not None and self.verdict.faults == 0
        return sound and same and not self.failed and not any(self.faults.values())


def run(plan: Plan, folder: Path) -> Outcome:
    """The whole of it, in a folder of its own."""
    outcome = Outcome(plan=plan)
    with Site(folder, clustered=plan.clustered, variant=plan.variant) as site:
        load = Load(site.ports, plan.rate / EVENTS_PER_REQUEST, plan.seed)
        began = time.monotonic()
        asyncio.run(_under_load(site, load, outcome))
        outcome.seconds = time.monotonic() - began
        finish(site)
        outcome.sent, outcome.answered = len(load.sent), sum(request.answered for request in load.sent)
        outcome.failed = sum(_failed(site, load, since=0.0))
        outcome.verdict = judge(site.store, load.sent)
        if not plan.variant:
            key = secrets(site.settings("watcher")).spool_key
            spools = [site.settings(f"shipper-{n}").spool for n in range(site.gateways)]
            measure = undisturbed(site.settings("watcher"), [spooled(spool, key) for spool in spools])
            outcome.difference = compare(left_in(site.store), measure)
    return outcome


async def _under_load(site: Site, load: Load, outcome: Outcome) -> None:
    sending = asyncio.create_task(load.run())
    plan, rng = outcome.plan, random.Random(outcome.plan.seed)
    began = time.monotonic()
    faults = [n for n in plan.faults if FAULTS[n].clustered in (None, plan.clustered)]
    victims = [*site.roles, "postgres", "redis"]
    for turn in range(max(len(faults), 1)):
        if faults:
            outcome.faults[faults[turn]] = await _suffer(faults[turn], site, load)
        for _ in range(plan.kills * (turn + 1) // max(len(faults), 1) - plan.kills * turn // max(len(faults), 1)):
            await asyncio.sleep(rng.uniform(0.2, 2.0))
            victim = rng.choice(victims)
            outcome.kills[victim.partition("-")[0]] += 1
            await asyncio.to_thread(_kill, site, victim, rng.uniform(0.0, 0.5))
    await asyncio.sleep(max(0.0, began + plan.seconds - time.monotonic()))
    load.stopped = True
    await sending


async def _suffer(number: str, site: Site, load: Load) -> str:
    """Do it, wait until the log has caught up, and say what was wrong."""
    since = time.monotonic()
    try:
        await asyncio.to_thread(FAULTS[number].do, site)
    except (AssertionError, RuntimeError) as error:
        return str(error)
    answered = sum(request.answered for request in load.sent)
    if not await asyncio.to_thread(_reached, site, answered - OPEN * len(site.downs)):
        return f"nothing new got into the log for {STUCK:.0f} s"
    failed = sum(_failed(site, load, since=since))
    return f"{failed} requests failed" if failed else ""


def _kill(site: Site, victim: str, away: float) -> None:
    if victim == "postgres":
        site.postgres.kill9()
        time.sleep(away)
        site.postgres.start()
    elif victim == "redis":
        node = site.nodes[int(away * 100) % len(site.nodes)]
        node.kill9()
        time.sleep(away)
        node.start()
    else:
        site.kill(victim)
        time.sleep(away)
        site.back(victim)


def _reached(site: Site, wanted: int) -> bool:
    """Wait until the log has so many queries; False where it stands still before."""
    found, since = 0, time.monotonic()
    while (now := _rows(site)) < wanted:
        if now > found:
            found, since = now, time.monotonic()
        elif time.monotonic() > since + STUCK:
            return False
        time.sleep(0.2)
    return True


def _rows(site: Site) -> int:
    try:
        return site.rows()
    except StoreUnavailable:
        return 0


def _failed(site: Site, load: Load, *, since: float) -> list[bool]:
    """Of every request that ended since: whether it got no answer although its gateway was there all the time."""
    return [
        not any(down.port == r.port and down.since <= r.ended and r.began <= down.until for down in site.downs)
        for r in load.sent
        if r.ended >= since and r.ended and not r.answered
    ]


def finish(site: Site, *, clock: bool = True) -> None:
    """Stop the gateways and wait until everything is taken; ``clock`` lets stream time pass for what they left open."""
    for number in range(site.gateways):
        site.stop(f"gateway-{number}")
    _drain(site)
    if clock:
        asyncio.run(let_time_pass(site.settings("gateway-0")))
        _drain(site)


def _drain(site: Site) -> None:
    key = secrets(site.settings("watcher")).spool_key
    last = {
        item.source: item.sequence
        for number in range(site.gateways)
        for item in spooled(site.settings(f"shipper-{number}").spool, key)
    }

    def left() -> int:
        places = [site.store.partitions.positions(number) for number in range(site.store.partitions.count())]
        return sum(max(0, number - place.get(source, 0)) for source, number in last.items() for place in places)

    # A weak variant has thrown away what it is waited for.
    patience = 30.0 if site.variant else STUCK
    fewest, since = left(), time.monotonic()
    while fewest:
        if (now := left()) < fewest:
            fewest, since = now, time.monotonic()
        elif time.monotonic() > since + patience:
            if site.variant:
                return
            raise RuntimeError(f"{now} records are not taken, and none was for {patience:.0f} s; see {site.folder}")
        time.sleep(0.2)
