"""Load at a fixed rate, open loop: a slow answer does not slow the requests that follow it.

A request is due at its tick. It is timed from the moment it is written, or
from its tick where its connection was still busy then: the wait that a slow
answer causes is counted, the load generator's own lateness is not.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

import uvloop

from tests.benchmarks.caller import Caller, Timing, connect, percentile
from tests.benchmarks.request import body, request


@dataclass(frozen=True, slots=True)
class Paced:
    """What one run at a fixed rate saw."""

    answers: int
    errors: int
    p50_us: float
    p99_us: float


@dataclass(slots=True)
class _Schedule:
    """Whose turn it is, and who is late."""

    message: bytes
    owed: dict[Caller, deque[int]] = field(default_factory=dict)
    due: dict[Caller, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    errors: int = 0
    measuring: bool = False

    def tick(self, caller: Caller) -> None:
        if caller.transport.is_closing():
            self.errors += 1
        elif caller.busy:
            self.owed[caller].append(time.monotonic_ns())
        else:
            self.due.pop(caller, None)
            caller.send(self.message)

    def answered(self, caller: Caller, timing: Timing) -> None:
        if self.measuring:
            self.times.append((timing.last - self.due.get(caller, timing.sent)) / 1e3)
            self.errors += not timing.ok
        self.due.pop(caller, None)
        if self.owed[caller] and not caller.transport.is_closing():
            self.due[caller] = self.owed[caller].popleft()
            caller.send(self.message)


def run(port: int, *, rate: int, connections: int, seconds: float, warm_up: float) -> Paced:
    """Send ``rate`` requests a second over ``connections``, and time those after the warm-up."""
    return uvloop.run(_run(port, rate, connections, seconds, warm_up))


async def _run(port: int, rate: int, connections: int, seconds: float, warm_up: float) -> Paced:
    schedule = _Schedule(request(port, body()))
    callers = [await connect(port, schedule.answered) for _ in range(connections)]
    schedule.owed = {caller: deque() for caller in callers}
    began = time.monotonic()
    for number in range(int(rate * (warm_up + seconds))):
        tick = began + number / rate
        if (wait := tick - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        schedule.measuring = schedule.measuring or tick >= began + warm_up
        schedule.tick(callers[number % connections])
    await asyncio.sleep(1)
    for caller in callers:
        caller.transport.close()
    times = schedule.times
    return Paced(len(times), schedule.errors, percentile(times, 0.50), percentile(times, 0.99))
