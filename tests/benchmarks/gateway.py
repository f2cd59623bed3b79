"""The gateway beside nginx, LiteLLM and the direct way: CPU a request, first byte, memory a stream."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.benchmarks import load, streams
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.report import Line
from tests.benchmarks.targets import LITELLM, Target, Targets, probe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.report import Report

PEERS = {"nginx", "litellm"}
CONNECTIONS = 16
STREAMS = 500


def measure(report: Report, folder: Path, *, rounds: int, seconds: float) -> None:
    """Start every target, load them in turn, and add the lines."""
    folder.mkdir()
    with ExitStack() as stack:
        start = Targets(folder, stack)
        every = [start.direct(), start.nginx(), start.revenuer(), start.litellm()]
        targets = {target.name: target for target in every if target}
        for target in targets.values():
            probe(target)
        _cpu(report, targets, folder, rounds=rounds, seconds=seconds)
        _first_byte(report, targets, rounds=rounds * 100)
        _memory(report, targets["revenuer"])


def _cpu(report: Report, targets: dict[str, Target], folder: Path, *, rounds: int, seconds: float) -> None:
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in targets}
    for turn in range(-1, rounds):
        for name, target in targets.items():
            run = _loaded(target, folder, seconds=seconds if turn >= 0 else 1)
            if turn >= 0:  # the first turn warms up
                runs[name].append(run)
    report.raw["load"] = {"generator": load.generator(), "connections": CONNECTIONS, "runs": runs}
    cost = {name: statistics.median(run["cpu_us"] for run in of) for name, of in runs.items() if name != "direct"}
    for name, of in runs.items():
        rate = statistics.median(run["requests"] / run["seconds"] for run in of)
        p50 = statistics.median(run["p50_us"] for run in of)
        errors = sum(run["errors"] for run in of)
        note = f"{rate:,.0f} requests/s, p50 {p50:,.0f} µs, {errors} errors, {CONNECTIONS} connections"
        report.add(
            Line(f"{name}: CPU per request", cost[name], "µs", note=note)
            if name in cost
            else Line(f"{name}: requests per second", rate, "", note=note)
        )
    report.add(*(Line(f"{name}: CPU per request", None, "", note="not installed") for name in PEERS - runs.keys()))
    report.add(
        Line("CPU per request against nginx", _ratio(cost, "revenuer", "nginx"), "times", most=10),
        Line(
            "CPU per request of LiteLLM against it",
            _ratio(cost, "litellm", "revenuer"),
            "times",
            least=30,
            note=f"stock, one worker, no database; {LITELLM} names the Python that has it",
        ),
        Line("load errors of revenuer", sum(run["errors"] for run in runs["revenuer"]), "", most=0),
    )


def _loaded(target: Target, folder: Path, *, seconds: float) -> dict[str, Any]:
    pids = target.running.pids if target.running else []
    before = cpu_seconds(pids)
    seen = load.run(target.port, connections=CONNECTIONS, seconds=seconds, folder=folder)
    used = cpu_seconds(pids) - before
    return {**asdict(seen), "cpu_us": used / max(1, seen.requests) * 1e6}


def _ratio(cost: dict[str, float], a: str, b: str) -> float | None:
    return cost[a] / cost[b] if a in cost and b in cost else None


def _first_byte(report: Report, targets: dict[str, Target], *, rounds: int) -> None:
    ports = {name: target.port for name, target in targets.items() if name != "litellm"}
    times = streams.first_bytes(ports, rounds)
    report.raw["first_byte_us"] = times
    note = f"median of {rounds} pairs with the direct way ({statistics.median(times['direct']):.0f} µs)"
    if "nginx" in times:
        report.add(Line("nginx: added time to first SSE byte", streams.added(times, "nginx") / 1e3, "ms", note=note))
    report.add(Line("added time to first SSE byte", streams.added(times, "revenuer") / 1e3, "ms", most=1, note=note))


def _memory(report: Report, target: Target) -> None:
    assert target.running
    each = streams.memory_per_stream(target.port, max(target.running.pids), STREAMS)
    report.add(Line("memory per open stream", each / 1024, "KiB", most=64, note=f"{STREAMS} streams open at once"))
