"""What scoring costs the gateway's tail: the whole system beside the gateway alone, at a fixed rate."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

from tests.benchmarks import paced
from tests.benchmarks.installation import install
from tests.benchmarks.processes import TARGET, running
from tests.benchmarks.report import Line
from tests.benchmarks.targets import Target, Targets, probe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.paced import Paced
    from tests.benchmarks.report import Report

RATE, CONNECTIONS, WARM_UP = 500, 16, 3.0
ARMS = {"on": "all", "off": "gateway"}
"""Scoring on: gateway, worker and control on one CPU. Off: the gateway alone on it."""


def measure(report: Report, folder: Path, *, pairs: int, seconds: float) -> None:
    """Run the two arms in turn, which of them first changing with every pair, and add the line."""
    folder.mkdir()
    runs: list[dict[str, Paced]] = []
    with ExitStack() as stack:
        upstream = Targets(folder, stack).direct().port
        for number in range(pairs):
            order = ("on", "off") if number % 2 else ("off", "on")
            runs.append({arm: _run(folder / f"{number}-{arm}", upstream, ARMS[arm], seconds) for arm in order})
    ratios = [run["on"].p99_us / run["off"].p99_us for run in runs]
    report.raw["scoring"] = [{arm: asdict(run[arm]) for arm in ARMS} for run in runs]
    medians = {arm: statistics.median(run[arm].p99_us for run in runs) for arm in ARMS}
    errors = sum(run[arm].errors for run in runs for arm in ARMS)
    note = (
        f"median of {pairs} pairs from {min(ratios):.2f} to {max(ratios):.2f}; {RATE} requests/s over {CONNECTIONS} "
        f"connections; p99 {medians['on']:,.0f} µs on, {medians['off']:,.0f} µs off; {errors} errors"
    )
    report.add(Line("p99 with scoring on against off", statistics.median(ratios), "times", most=1.25, note=note))


def _run(folder: Path, upstream: int, role: str, seconds: float) -> Paced:
    made = install(folder, upstream)
    with running(made.command(role), cpu=TARGET, output=folder / "out", port=made.port) as system:
        probe(Target("revenuer", made.port, system))
        return paced.run(made.port, rate=RATE, connections=CONNECTIONS, seconds=seconds, warm_up=WARM_UP)
