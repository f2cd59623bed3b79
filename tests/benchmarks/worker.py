"""The worker: events a second on one core from spool to SQLite, its memory over a long run, its states' sizes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import tracemalloc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detectors.core.registry import by_scope
from service.backends.spool import SpoolWriter
from service.bootstrap.stores import secrets
from service.pipeline.entities import WARM, Followed
from tests.benchmarks import detection
from tests.benchmarks.events import made_up, recorded, records
from tests.benchmarks.installation import install
from tests.benchmarks.processes import TARGET, cpu_seconds, resident, running
from tests.benchmarks.report import Line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.model.query import End, Start
    from tests.benchmarks.events import Query
    from tests.benchmarks.installation import Installation
    from tests.benchmarks.processes import Running
    from tests.benchmarks.report import Report

AHEAD = 40_000
"""Records that the spool is kept ahead of the worker: it never waits, and the disk does not fill."""
STEP = 100_000
"""Events between two looks at the worker's memory."""
ACCOUNTS = 1000
"""Accounts made to see what one takes in memory."""
STATES = {"account": 16, "template": 4, "ip_prefix": 4, "client": 4}
"""KiB that one entity's states may take."""


@dataclass(slots=True)
class Progress:
    """How far the worker has come, and what that took."""

    database: Path
    system: Running
    began: float = field(default_factory=time.monotonic)
    memory: list[tuple[int, int]] = field(default_factory=list)
    """Events taken, and bytes resident then."""

    def records(self) -> int:
        """Records that commits cover."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as connection:
            return int(connection.execute("SELECT coalesce(sum(position), 0) FROM sources").fetchone()[0])

    def look(self) -> int:
        """Records covered; notes memory at every step."""
        done = self.records()
        if done // 2 // STEP >= len(self.memory):
            self.memory.append((done // 2, max(resident(pid) for pid in self.system.pids)))
        return done


def measure(report: Report, folder: Path, *, traces: Path | None, events: int) -> None:
    """Let the worker's own process take that many events, and add the lines."""
    folder.mkdir()
    material: Sequence[Query] = recorded(traces) if traces else made_up()
    made = install(folder / "worker", upstream=9, decisions=0)
    with running(made.command("worker"), cpu=TARGET, output=folder / "worker.out") as system:
        time.sleep(5)  # the embedding is loaded once, and not what is measured
        progress = Progress(made.settings.data / "revenuer.db", system)
        before = cpu_seconds(system.pids)
        asyncio.run(_feed(made, material, events, progress))
        took = time.monotonic() - progress.began
        used = cpu_seconds(system.pids) - before
    source = f"{len(material):,} recorded queries of {traces.name}" if traces else "made-up words (no --traces)"
    note = f"{events:,} events in {took:.0f} s, {events / used:,.0f} per second of CPU; {source}, over and over"
    report.add(Line("worker: events per second on one core", events / took, "", least=2000, note=note))
    _memory(report, progress)
    report.add(*detection.measured(traces=traces, most=400))
    _sizes(report)


async def _feed(made: Installation, material: Sequence[Query], events: int, progress: Progress) -> None:
    writer = SpoolWriter.open(made.settings.spool, secrets(made.settings).spool_key)
    written = 0
    batch: list[Start | End] = []
    for record in records(material, events):
        batch.append(record)
        if len(batch) == 1000:
            written += await _write(writer, batch)
            await _until(progress, written - AHEAD)
    written += await _write(writer, batch)
    await _until(progress, written)
    await writer.close()


async def _until(progress: Progress, done: int) -> None:
    """Wait until the worker has taken that many records."""
    while progress.look() < done:  # noqa: ASYNC110 - what is waited for is another process
        await asyncio.sleep(0.05)


async def _write(writer: SpoolWriter, batch: list[Start | End]) -> int:
    """Write the batch and empty it; the count of its records."""
    acknowledged = await asyncio.gather(*(writer.append(record) for record in batch))
    if not all(acknowledged):
        raise RuntimeError("the spool did not take every record: is the disk full?")
    batch.clear()
    return len(acknowledged)


def _memory(report: Report, progress: Progress) -> None:
    report.raw["worker_memory"] = progress.memory
    settled = progress.memory[1:]
    if len(settled) < 2:
        report.add(Line("worker: growth of memory", None, note=f"needs --events of {3 * STEP:,} or more", unit=""))
        return
    # The first half fills caches that are bounded; a leak shows in the second.
    half = settled[len(settled) // 2 :]
    growth = (half[-1][1] - half[0][1]) / half[0][1] * 100
    path = " → ".join(f"{size / 2**20:.0f}" for _, size in settled)
    note = f"MiB at every {STEP:,} events: {path}"
    report.add(Line("worker: growth of memory in the second half", growth, "%", most=5, note=note))


def _sizes(report: Report) -> None:
    for scope, most in STATES.items():
        size = sum(detector.empty().nbytes for detector in by_scope(scope))
        if size:
            report.add(Line(f"states of one {scope}", size / 1024, "KiB", most=most))
    tracemalloc.start()
    held = [Followed({detector.name: detector.empty() for detector in by_scope("account")}) for _ in range(ACCOUNTS)]
    taken = tracemalloc.get_traced_memory()[0] / len(held)
    tracemalloc.stop()
    report.add(Line("memory of one account that is kept", taken / 1024, "KiB", note=f"at most {WARM:,} entities are"))
