"""``make bench``: what revenuer costs, measured as the product runs, in one interleaved run.

What is measured has the first CPU to itself; load, upstream and this program
share the last. Figures are medians; the raw ones are in ``build/bench/bench.json``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import console, gateway, obeyed, scoring, shared, worker
from tests.benchmarks.processes import LOAD, TARGET
from tests.benchmarks.report import Report

PARTS = ("gateway", "scoring", "worker", "shared", "console", "obeyed")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, all by default: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5, help="rounds over all targets (default 5)")
    parser.add_argument("--seconds", type=float, default=3, help="load on one target in a round (default 3)")
    parser.add_argument("--pairs", type=int, default=7, help="pairs of runs with scoring on and off (default 7)")
    parser.add_argument("--paced-seconds", type=float, default=12, help="each of those runs (default 12)")
    parser.add_argument("--events", type=int, default=1_000_000, help="events for the worker (default 1,000,000)")
    parser.add_argument(
        "--backlog", type=int, default=120_000, help="events waiting for the workers on Postgres (default 120,000)"
    )
    parser.add_argument("--logged", type=int, default=1_000_000, help="events behind the console (default 1,000,000)")
    parser.add_argument("--flags", type=int, default=10_000, help="flags behind the console (default 10,000)")
    parser.add_argument(
        "--postgres", action="store_true", help="console on Postgres, obeyed on Postgres and Valkey; not on SQLite"
    )
    parser.add_argument("--traces", type=Path, help="folder of query records for the worker (default: made-up words)")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder of bench.md and bench.json")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown part '{unknown.pop()}'; known: {', '.join(PARTS)}")
    return arguments


def main() -> None:
    """Measure the parts asked for; exits 1 where a promise is not met."""
    arguments = _arguments()
    parts = arguments.parts or PARTS
    arguments.out.mkdir(parents=True, exist_ok=True)
    # Beside the output and not in the system's folder, which may be memory: the spool must sync to a disk.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=arguments.out)).absolute()
    os.sched_setaffinity(0, LOAD)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends too
    if TARGET == LOAD:
        print("only one CPU: the load shares it with what is measured, so latencies mean little", file=sys.stderr)
    report = Report()
    try:
        if "gateway" in parts:
            gateway.measure(report, folder / "gateway", rounds=arguments.rounds, seconds=arguments.seconds)
        if "scoring" in parts:
            scoring.measure(report, folder / "scoring", pairs=arguments.pairs, seconds=arguments.paced_seconds)
        if "worker" in parts:
            worker.measure(report, folder / "worker", traces=arguments.traces, events=arguments.events)
        if "shared" in parts:
            shared.measure(report, folder / "shared", events=arguments.backlog)
        if "console" in parts:
            full = {"events": arguments.logged, "flags": arguments.flags, "postgres": arguments.postgres}
            console.measure(report, folder / "console", **full)
        if "obeyed" in parts:
            obeyed.measure(report, folder / "obeyed", postgres=arguments.postgres)
    finally:
        report.write(arguments.out)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{report.markdown()}\nwritten to {arguments.out}/bench.md and bench.json")
    sys.exit(any(line.met is False for line in report.lines))


if __name__ == "__main__":
    main()
