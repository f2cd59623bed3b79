"""Maker: the records of a scene, read and made footprints of in a process of its own, beside the one that links.

Each batch goes through a pipe as it is done. The process ends when there is nothing more to come, or when nobody
reads the pipe any more.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING

from detectors.features import Extractor
from service.bench.campaigns.drive import Link, batches
from service.bench.campaigns.prints import Recogniser
from service.bench.campaigns.truth import Truth
from service.bench.suite import BenchError
from service.bootstrap.replay import STRANGER
from service.garbage import seldom_collected
from service.pipeline.campaigns.prints import by_slot, pack
from service.pipeline.observe import observe
from service.replay.reader import completions
from service.simulate.hydra.stream import records
from service.simulate.texts import own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from service.simulate.hydra.stream import Scene

AHEAD = 16
"""Batches that wait for the linking at most: while it writes all that it holds, others are made."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Of linear algebra: one, since more of them wait for each other on the core that the linking needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be made."""

    seed: int
    scene: Scene
    trail: int
    """Days that the Trail is kept."""
    batch: int
    """Queries of a batch."""
    place: int
    """Queries that were linked before: they are made anew and noted, and nothing is sent of them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the linking needs of some queries."""

    place: int
    """Queries up to its end."""
    now: int
    """Completion of its last query, microseconds since the epoch."""
    packed: list[tuple[int, bytes]]
    """Slots with their footprints."""
    handed: list[Link]
    cpu: float
    """Seconds of the process that makes them, in this start so far."""


@dataclass(frozen=True, slots=True)
class Made:
    """What is known at the end."""

    truth: Truth


@contextmanager
def maker(work: Work) -> Iterator[Iterator[Batch | Made]]:
    """The batches from the place on, and last what is known at the end; the process ends with the context.

    Raises
    ------
    BenchError
        While iterating: the process has ended before its time.

    """
    context = get_context("spawn")
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(work, writing), daemon=True)
    with _one_thread():
        process.start()
    # The process alone has it now, so that its end is seen.
    writing.close()
    waiting: Queue[Batch | Made | None] = Queue(AHEAD)
    reader = Thread(target=_read, args=(reading, waiting), daemon=True)
    reader.start()
    try:
        yield _taken(waiting)
    finally:
        process.kill()
        process.join()
        # The reader may stand before a queue that is full.
        while reader.is_alive():
            if not waiting.empty():
                waiting.get()
            reader.join(0.01)
        reading.close()


def made(work: Work, truth: Truth) -> Iterator[Batch]:
    """The batches from the place on; the truth is noted on the way."""
    extractor, recogniser = Extractor(STRANGER, linking=True), Recogniser(days=work.trail)
    place = 0
    for events in batches(completions(truth.noted(records(work.seed, work.scene, own()))), work.batch):
        place += len(events)
        seen = [recogniser.see(event) for event in events]
        if place > work.place:
            rows = observe(events, [recognised for recognised, _ in seen], extractor)
            packed = [(slot, pack(prints, names)) for slot, prints, names in by_slot(events, rows, extractor)]
            handed = [link for _, links in seen for link in links]
            yield Batch(place, events[-1].done, packed, handed, time.process_time())


def _main(work: Work, to: Connection) -> None:
    truth = Truth()
    try:
        with seldom_collected():
            for batch in made(work, truth):
                to.send(batch)
            to.send(Made(truth))
    except BrokenPipeError:
        # Who links has ended.
        return


def _read(reading: Connection, into: Queue[Batch | Made | None]) -> None:
    try:
        while True:
            into.put(reading.recv())
    except (EOFError, OSError):
        into.put(None)


def _taken(waiting: Queue[Batch | Made | None]) -> Iterator[Batch | Made]:
    while (found := waiting.get()) is not None:
        yield found
        if isinstance(found, Made):
            return
    raise BenchError("the process that makes the queries has ended; start again on the folder to go on from there")


@contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
