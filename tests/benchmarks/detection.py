"""What features and detectors cost: seconds of CPU an event, in the micro-batches that the worker takes.

A process of its own, ``python -m tests.benchmarks.detection EVENTS [TRACES]``, so that it starts with one thread and
empty caches. Reading requests and answers, and storing what comes out, are not in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.core.baseline import Baselines
from detectors.features import Extractor
from service.backends.memory import MemoryCheckpoint
from service.bootstrap.scoring import Brain, scorer
from service.gateway.dialects import Dialects
from service.pipeline.events import event
from service.pipeline.join import Joiner
from service.pipeline.worker import BATCH
from service.ports import Commit, Sourced
from service.settings import Settings
from tests.benchmarks.events import made_up, recorded, records
from tests.benchmarks.processes import TARGET, pinned, python_module
from tests.benchmarks.report import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.model.query import QueryEvent

KEY = b"k" * 32
WARM_UP = 4
"""Batches before the first that counts: the embedding's words come in, states are made."""
EVENTS = 60_000


def measured(*, traces: Path | None, most: float) -> Line:
    """The figure of a fresh process, against ``most`` microseconds."""
    command = python_module("tests.benchmarks.detection", str(EVENTS), *([str(traces)] if traces else []))
    with pinned(TARGET):
        done = subprocess.run(
            command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, stdout=subprocess.PIPE, check=True
        )
    seconds, events = done.stdout.split()
    note = f"{int(events):,} events of {traces.name if traces else 'made-up words'}, {BATCH // 2:,} at once"
    return Line("features and detectors: CPU per event", float(seconds) / int(events) * 1e6, "µs", most=most, note=note)


def _spent(events: Iterator[QueryEvent]) -> tuple[float, int]:
    """Seconds of CPU, and the events that they were spent on."""
    checkpoint = MemoryCheckpoint()
    taking = scorer(Settings(), Brain(Extractor(KEY), Baselines.default()), KEY)(checkpoint)
    spent, counted = 0.0, 0
    for number in count():
        batch = list(islice(events, BATCH // 2))
        if not batch:
            break
        commit = Commit()
        began = time.process_time()
        taking.take(batch, commit)
        if number >= WARM_UP:
            spent += time.process_time() - began
            counted += len(batch)
        checkpoint.commit(commit)
    return spent, counted


def main() -> None:
    """Print seconds and events."""
    material = recorded(Path(sys.argv[2])) if len(sys.argv) > 2 else made_up()
    dialects, joiner = Dialects(), Joiner()
    sourced = [Sourced("bench", n, record) for n, record in enumerate(records(material, int(sys.argv[1])), 1)]
    print(*_spent(event(joined, dialects) for joined in joiner.feed(sourced)))


if __name__ == "__main__":
    main()
