"""Streams: time to the first SSE byte beside the direct way, and memory per open stream."""

from __future__ import annotations

import asyncio
import statistics

import uvloop

from tests.benchmarks.caller import Caller, Timing, connect
from tests.benchmarks.processes import resident
from tests.benchmarks.request import body, request

CHUNKS = 5


def first_bytes(ports: dict[str, int], rounds: int) -> dict[str, list[float]]:
    """Microseconds to the first SSE byte: one stream at a time, every target in turn, ``rounds`` times."""
    return uvloop.run(_first_bytes(ports, rounds))


async def _first_bytes(ports: dict[str, int], rounds: int) -> dict[str, list[float]]:
    answers: asyncio.Queue[Timing] = asyncio.Queue()
    callers = {name: await connect(port, lambda _, timing: answers.put_nowait(timing)) for name, port in ports.items()}
    times: dict[str, list[float]] = {name: [] for name in ports}
    for turn in range(-10, rounds):
        for name, caller in callers.items():
            caller.send(request(ports[name], body(chunks=CHUNKS)))
            timing = await answers.get()
            if not timing.ok:
                raise RuntimeError(f"{name} did not answer a stream with 200")
            if turn >= 0:  # the first turns warm up
                times[name].append((timing.first - timing.sent) / 1e3)
    for caller in callers.values():
        caller.transport.close()
    return times


def added(times: dict[str, list[float]], name: str, base: str = "direct") -> float:
    """Median of the pairwise differences to the base, in microseconds."""
    return statistics.median(a - b for a, b in zip(times[name], times[base], strict=True))


def memory_per_stream(port: int, pid: int, streams: int) -> float:
    """Bytes that one more open stream costs the process."""
    return uvloop.run(_memory(port, pid, streams))


async def _memory(port: int, pid: int, streams: int) -> float:
    """Growth from a gateway that has served a few streams; what stays allocated for good counts in too."""
    await _close(await _open(port, 20))
    before = resident(pid)
    callers = await _open(port, streams)
    await asyncio.sleep(3)
    growth = (resident(pid) - before) / streams
    await _close(callers)
    return growth


async def _close(callers: list[Caller]) -> None:
    await asyncio.sleep(1)
    if lost := sum(caller.lost.done() for caller in callers):
        raise RuntimeError(f"{lost} of {len(callers)} open streams were cut off")
    for caller in callers:
        caller.transport.close()
    await asyncio.gather(*(caller.lost for caller in callers))


async def _open(port: int, streams: int) -> list[Caller]:
    """That many streams in the middle of their answers: a chunk every 250 ms, for a minute."""
    message = request(port, body(chunks=240, pause_us=250_000))
    callers = []
    for _ in range(streams):
        callers.append(await connect(port, lambda _caller, _timing: None))
        callers[-1].send(message)
    return callers
