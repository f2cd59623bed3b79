"""What scoring costs: seconds of CPU an event, in the micro-batches that the worker takes.

A process of its own, ``python -m tests.benchmarks.detection EVENTS [TRACES]``, so that it starts with one thread and
empty caches. Reading requests and answers, and storing what comes out, are not in it. What is known again (the Trail,
and what is handed on) and the linking of accounts are counted by themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.core.baseline import Baselines
from detectors.features import Extractor
from service.backends.memory import MemoryCheckpoint
from service.bootstrap.scoring import Brain, scorer
from service.garbage import seldom_collected
from service.gateway.dialects import Dialects
from service.pipeline.campaigns.coordination import Coordination
from service.pipeline.events import event
from service.pipeline.join import Joiner
from service.pipeline.scorer import Scorer
from service.pipeline.worker import BATCH
from service.ports import Commit, Sourced
from service.settings import Settings
from tests.benchmarks.events import made_up, recorded, records
from tests.benchmarks.processes import TARGET, pinned, python_module
from tests.benchmarks.report import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.model.query import QueryEvent

KEY = b"k" * 32
WARM_UP = 4
"""Batches before the first that counts: the embedding's words come in, states are made."""
EVENTS = 60_000


PARTS: Mapping[str, tuple[type, str] | None] = {
    "features and detectors": None,
    "what is known again: Trail and handed on": (Scorer, "_recognise"),
    "linking": (Coordination, "see"),
}
"""Part of scoring -> the method that is counted for it; the first is all the rest."""


def measured(*, traces: Path | None, most: float) -> list[Line]:
    """The figures of a fresh process, the first against ``most`` microseconds."""
    command = python_module("tests.benchmarks.detection", str(EVENTS), *([str(traces)] if traces else []))
    with pinned(TARGET):
        done = subprocess.run(
            command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, stdout=subprocess.PIPE, check=True
        )
    events, *seconds = map(float, done.stdout.split())
    note = f"{events:,.0f} events of {traces.name if traces else 'made-up words'}, {BATCH // 2:,} at once"
    promises = (most, None, None)
    return [
        Line(f"{what}: CPU per event", spent / events * 1e6, "µs", most=promise, note=note)
        for what, spent, promise in zip(PARTS, seconds, promises, strict=True)
    ]


def _counted(owner: type, name: str) -> list[float]:
    """Count the CPU seconds of a method from here on; one a call."""
    method, spent = getattr(owner, name), []

    def timed(*arguments: Any, **named: Any) -> Any:
        began = time.process_time()
        try:
            return method(*arguments, **named)
        finally:
            spent.append(time.process_time() - began)

    setattr(owner, name, timed)
    return spent


def _spent(events: Iterator[QueryEvent]) -> tuple[int, list[float]]:
    """Events, and the seconds of CPU that were spent on them, by part."""
    checkpoint = MemoryCheckpoint()
    parts = [_counted(*counted) for counted in PARTS.values() if counted]
    taking = scorer(Settings(), Brain(Extractor(KEY), Baselines.default()), KEY)(checkpoint)
    whole: list[float] = []
    counted = 0
    for number in count():
        batch = list(islice(events, BATCH // 2))
        if not batch:
            break
        commit = Commit()
        began = time.process_time()
        taking.take(batch, commit)
        whole.append(time.process_time() - began)
        counted += len(batch) if number >= WARM_UP else 0
        checkpoint.commit(commit)
    # Each of them is called once a batch.
    sums = [sum(spent[WARM_UP:]) for spent in (whole, *parts)]
    return counted, [sums[0] - sum(sums[1:]), *sums[1:]]


def main() -> None:
    """Print events and seconds."""
    material = recorded(Path(sys.argv[2])) if len(sys.argv) > 2 else made_up()
    dialects, joiner = Dialects(), Joiner()
    sourced = [Sourced("bench", n, record) for n, record in enumerate(records(material, int(sys.argv[1])), 1)]
    # As in the worker's process.
    with seldom_collected():
        events, seconds = _spent(event(joined, dialects) for joined in joiner.feed(sourced))
    print(events, *seconds)


if __name__ == "__main__":
    main()
