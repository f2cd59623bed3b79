"""Closed-loop load: wrk where it is installed, else a generator of our own on asyncio and uvloop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvloop

from tests.benchmarks.caller import Caller, Timing, connect, percentile
from tests.benchmarks.processes import LOAD
from tests.benchmarks.request import HEADERS, PATH, body, request

if TYPE_CHECKING:
    from pathlib import Path

WRK = shutil.which("wrk")


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of load saw."""

    requests: int
    seconds: float
    errors: int
    p50_us: float
    p99_us: float


def generator() -> str:
    """Which load generator is used."""
    return "wrk" if WRK else "tests.benchmarks.load (wrk is not installed)"


def run(port: int, *, connections: int, seconds: float, folder: Path) -> Load:
    """Keep ``connections`` busy with the JSON request for a while."""
    return _wrk(port, connections, seconds, folder) if WRK else uvloop.run(_own(port, connections, seconds))


SCRIPT = """
wrk.method = "POST"
wrk.body = {body}
{headers}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %.1f %.1f\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
"""


def _wrk(port: int, connections: int, seconds: float, folder: Path) -> Load:
    script = folder / "load.lua"
    # A JSON string of ASCII is a Lua string too.
    headers = "\n".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in HEADERS.items())
    script.write_text(SCRIPT.format(body=json.dumps(body().decode()), headers=headers))
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}{PATH}",
    ]
    os.sched_setaffinity(0, LOAD)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    requests, microseconds, errors, p50, p99 = map(float, result.split()[1:])
    return Load(int(requests), microseconds / 1e6, int(errors), p50, p99)


@dataclass(slots=True)
class _Closed:
    """Sends the next request as soon as the last is answered."""

    message: bytes
    stop: float
    times: list[float] = field(default_factory=list)
    errors: int = 0

    def answered(self, caller: Caller, timing: Timing) -> None:
        self.times.append((timing.last - timing.sent) / 1e3)
        self.errors += not timing.ok
        if time.monotonic() < self.stop and not caller.transport.is_closing():
            caller.send(self.message)
        else:
            caller.transport.close()


async def _own(port: int, connections: int, seconds: float) -> Load:
    began = time.monotonic()
    closed = _Closed(request(port, body()), began + seconds)
    callers = [await connect(port, closed.answered) for _ in range(connections)]
    for caller in callers:
        caller.send(closed.message)
    await asyncio.gather(*(caller.lost for caller in callers))
    took = time.monotonic() - began
    return Load(len(closed.times), took, closed.errors, percentile(closed.times, 0.50), percentile(closed.times, 0.99))
