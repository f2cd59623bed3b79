"""A storm: load, kills at random, the last orderly steps, and the verdict."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.spool import SpoolReader, SpoolWriter
from service.bootstrap.stores import secrets, stores
from service.model.ids import event_id
from service.model.query import End, Outcome, Start
from service.pipeline.join import PATIENCE as JOIN_PATIENCE
from tests.chaos.check import Verdict, judge
from tests.chaos.left import Difference, compare, left_in
from tests.chaos.load import Load
from tests.chaos.processes import PATIENCE, Processes, listening
from tests.chaos.undisturbed import spooled, undisturbed

if TYPE_CHECKING:
    from pathlib import Path

    from service.bootstrap.stores import Stores
    from service.settings import Settings

EVENTS_PER_REQUEST = 2
"""A start and an end."""
STUCK = 240.0
"""Seconds without any progress after which a run is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done to the system."""

    kills: int = 20
    rate: float = 1000.0
    """Events a second, fixed, whether the gateway is up or not."""
    seconds: float = 60.0
    seed: int = 1
    variant: str = ""
    victims: tuple[str, ...] = ("gateway", "worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What became of it."""

    plan: Plan
    kills: dict[str, int]
    seconds: float
    sent: int
    answered: int
    p50_ms: float
    p99_ms: float
    verdict: Verdict
    difference: Difference | None
    """Against the undisturbed run; None for a weak variant, whose spool is no measure."""


def run(plan: Plan, folder: Path) -> Aftermath:
    """The whole of it, in a folder of its own."""
    processes = Processes(folder, plan.variant)
    try:
        processes.begin()
        load = Load([processes.port], plan.rate / EVENTS_PER_REQUEST, plan.seed)
        began = time.monotonic()
        kills = asyncio.run(_storm(plan, processes, load))
        seconds = time.monotonic() - began
        processes.stop("gateway")
        asyncio.run(let_time_pass(processes.settings))
        _drain(processes.settings)
        processes.stop("worker")
    finally:
        processes.end()
    store = stores(processes.settings)
    verdict = judge(store, load.sent)
    difference = None
    if not plan.variant:
        records = spooled(processes.settings.spool, secrets(processes.settings).spool_key)
        difference = compare(left_in(store), undisturbed(processes.settings, [records]))
    store.close()
    latencies = sorted(load.latencies)
    return Aftermath(
        plan=plan,
        kills=dict(kills),
        seconds=seconds,
        sent=len(load.sent),
        answered=sum(request.answered for request in load.sent),
        p50_ms=latencies[len(latencies) // 2] * 1e3,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1e3,
        verdict=verdict,
        difference=difference,
    )


async def _storm(plan: Plan, processes: Processes, load: Load) -> Counter[str]:
    sending = asyncio.create_task(load.run())
    kills: Counter[str] = Counter()
    rng = random.Random(plan.seed)
    store = stores(processes.settings)
    step = plan.seconds / plan.kills
    began = time.monotonic()
    for _ in range(plan.kills):
        # From the moment when all are at work, so that a slow machine's kills do not hit processes that load.
        await asyncio.sleep(rng.uniform(0.1, 1.0) * step)
        victim = rng.choice(plan.victims)
        await asyncio.to_thread(processes.kill, victim)
        kills[victim] += 1
        rows = await asyncio.to_thread(_rows, store)
        await asyncio.sleep(rng.uniform(0.0, 0.3))
        processes.start(victim)
        await _at_work(victim, processes, store, rows)
    await asyncio.sleep(max(0.0, began + plan.seconds - time.monotonic()))
    load.stopped = True
    await sending
    return kills


async def _at_work(role: str, processes: Processes, store: Stores, rows: int) -> None:
    """Wait until the role does its work again, so that no kill is spent on a process that is still loading."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if role == "gateway" and await asyncio.to_thread(listening, processes.port):
            return
        if role == "worker" and await asyncio.to_thread(_rows, store) > rows:
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the {role} did not come back within {PATIENCE:.0f} s; see {processes.folder}")


def _rows(store: Stores) -> int:
    return store.records.counts()["events"]


async def let_time_pass(settings: Settings) -> None:
    """One last query, later than any open one may be: the stream's time moves only with events."""
    at = time.time_ns() // 1000 + JOIN_PATIENCE + 1_000_000
    query = event_id(at)
    writer = SpoolWriter.open(settings.spool, secrets(settings).spool_key, reserve_bytes=0)
    start = Start(
        id=query, at=at, account="clock", org="", ip_prefix="", method="GET", path="/", headers={}, body=b"", size=0,
        full=True, digest=b"",
    )  # fmt: skip
    end = End(
        id=query, at=at + 1, status=200, outcome=Outcome.OK, ttft=1, encoding="", content_type="", body=b"", size=0,
        full=True,
    )  # fmt: skip
    await asyncio.gather(writer.append(start), writer.append(end))
    await writer.close()


def _drain(settings: Settings) -> None:
    """Wait until the worker has taken everything, as long as it gets on."""
    reader, store = SpoolReader(settings.spool, secrets(settings).spool_key), stores(settings)
    least, since = math.inf, time.monotonic()
    while left := reader.lag(store.partitions.positions(0)).bytes:
        if left < least:
            least, since = left, time.monotonic()
        elif time.monotonic() > since + STUCK:
            raise RuntimeError(f"{left} bytes are left in the spool, and were {STUCK:.0f} s ago")
        time.sleep(0.2)
    reader.close()
    store.close()
