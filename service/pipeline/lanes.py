"""Lanes: the partitions that one process tends, each by a worker of its own.

The leases say which partitions those are; that only one worker can commit to a partition is the checkpoint's
doing. Embedded there is one partition and nobody to share it with.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.pipeline.worker import ScoringError
from service.ports import Fenced, StoreUnavailable, StreamNewer, StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from service.pipeline.worker import Worker
    from service.ports import Leases

log = structlog.get_logger()

IDLE = 1.0
"""Seconds to the next look when there was less than a whole batch. A commit's sync holds up the spool's on the same
disk for a few milliseconds, so commits are few while there is no hurry."""

CUT = 8
"""A batch that scoring breaks on is tried again as parts, this many of them, until the query it breaks on is alone."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries while the store is unavailable."""

UNKNOWN_PAUSE = 1.0
"""Seconds between questions for the leases while nobody answers."""

NAP = 0.5
"""Longest sleep in seconds, so that a worker that is told to stop does."""


class Alone:
    """``ports.Leases`` where there is one partition and one worker."""

    def hold(self) -> Collection[int]:
        """The one."""
        return (0,)

    def give_back(self, partition: int) -> None:
        """Nobody else would take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How lanes go about their work."""

    version: Callable[[], int] = lambda: 0
    """A number that changes with what workers are made of, so that new ones must be made."""
    leisurely: Callable[[Callable[[], int]], int] = lambda step: step()
    """How a step is taken while there is no hurry."""
    idle: float = IDLE


class Lane:
    """One partition: its worker, and what it does when that fails.

    A new worker begins from the checkpoint after a failure of the store or of scoring. A record that scoring
    breaks on is logged and not scored.
    """

    def __init__(self, partition: int, make: Callable[[int], Worker], manner: Manner) -> None:
        self.partition = partition
        self._make = make
        self._manner = manner
        self._worker: Worker | None = None
        self._version = 0
        """Of what the worker was made of."""
        self._limit: int | None = None
        self._pause = SHORTEST_PAUSE
        self.due = 0.0
        """When it has its next turn, monotonic seconds."""
        self.trouble: str | None = None
        """Why it does not get on; None where it does."""

    def turn(self, *, may_begin: bool) -> None:
        """Take one batch. Without ``may_begin`` no worker is made: it would take the partition from its owner.

        Raises
        ------
        Fenced
            Another worker has claimed the partition.
        StreamNewer
            A newer worker must take it.

        """
        try:
            worker = self._ready(may_begin=may_begin)
            busy = worker is not None and self._step(worker)
            self.due = 0.0 if busy else time.monotonic() + self._manner.idle
            self._pause, self.trouble = SHORTEST_PAUSE, None
        except StreamNewer:
            raise
        except StoreUnavailable as error:
            # What this worker holds in memory is ahead of the store now, so it must not go on.
            self.close()
            self.trouble = str(error)
            log.warning("store.unavailable", partition=self.partition, error=str(error), retry_in=self._pause)
            self.due = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        except ScoringError as error:
            batch = self._worker.batch if self._worker is not None else CUT
            self.close()
            self._limit = max((self._limit or batch) // CUT, 1)
            self.due = 0.0
            log.warning("batch.cut", partition=self.partition, error=type(error.__cause__).__name__, limit=self._limit)

    def close(self) -> None:
        """Let the worker go; what it committed is all that counts."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.close()

    def _ready(self, *, may_begin: bool) -> Worker | None:
        if self._worker is not None and may_begin and self._is_stale(self._worker):
            self.close()
        if self._worker is not None and self._worker.spent:
            return None
        if self._worker is None and may_begin:
            self._version = self._manner.version()
            self._worker = self._make(self.partition)
        return self._worker

    def _is_stale(self, worker: Worker) -> bool:
        return worker.spent or self._version != self._manner.version()

    def _step(self, worker: Worker) -> bool:
        """Whether there was a whole batch, so that more is to be expected."""
        step = partial(worker.step, self._limit)
        taken = step() if worker.late() else self._manner.leisurely(step)
        busy = taken >= (self._limit or worker.batch)
        self._limit = self._limit * 2 if self._limit and self._limit * 2 < worker.batch else None
        return busy


class Lanes:
    """The lanes of one process.

    Parameters
    ----------
    make
        Claims a partition and makes its worker.
    leases
        Which partitions to tend. Without them there is one, and this process alone has it: where another one
        has it too, that is an error of whoever started both, and :meth:`run` raises it.

    """

    def __init__(
        self, make: Callable[[int], Worker], leases: Leases | None = None, manner: Manner | None = None
    ) -> None:
        self._make = make
        self._leases = leases or Alone()
        self._manner = manner or Manner()
        self._alone = leases is None
        self._lanes: dict[int, Lane] = {}
        self._known = False
        """Whether the leases answered when they were asked last."""
        self._unknown: str | None = None
        self._ask_at = 0.0
        self._began = time.monotonic()

    def run(self, stop: Callable[[], bool]) -> None:
        """Tend what the leases give until ``stop``, then give it back.

        Raises
        ------
        Fenced
            Another process has the one partition that this one was to have alone.

        """
        try:
            while not stop():
                pause = self.turn()
                if pause and not stop():
                    time.sleep(min(pause, NAP))
        finally:
            self.give_back()

    @property
    def held(self) -> int:
        """Partitions tended."""
        return len(self._lanes)

    def trouble(self) -> str | None:
        """None while everything gets on, else what is wrong. May be asked from another thread."""
        return self._unknown or next((lane.trouble for lane in list(self._lanes.values()) if lane.trouble), None)

    def silence(self) -> float:
        """Seconds since the last round began."""
        return time.monotonic() - self._began

    def turn(self) -> float:
        """Give every lane that is due its turn; seconds until the next one is. Raises as :meth:`run`."""
        self._began = time.monotonic()
        self._hold()
        for lane in [lane for lane in self._lanes.values() if lane.due <= time.monotonic()]:
            if self._lanes.get(lane.partition) is not lane:
                continue
            self._take(lane)
            # Between any two steps, so that a lease never runs out behind a long round.
            self._hold()
        now = time.monotonic()
        return max(0.0, min((lane.due - now for lane in self._lanes.values()), default=self._manner.idle))

    def give_back(self) -> None:
        """Stop tending: each lane stands at its last commit."""
        for partition in list(self._lanes):
            self._drop(partition)
            try:
                self._leases.give_back(partition)
            except StreamUnavailable as error:
                # The lease runs out by itself.
                log.warning("lease.not_given_back", partition=partition, error=str(error))

    def _take(self, lane: Lane) -> None:
        try:
            lane.turn(may_begin=self._known)
        except Fenced as error:
            self._drop(lane.partition)
            if self._alone:
                raise Fenced(f"{error}; two workers share one database without a shared stream: stop one") from None
            metrics.FENCED.inc()
            log.warning("partition.fenced", partition=lane.partition, error=str(error))
        except StreamNewer as error:
            self._drop(lane.partition)
            self._leases.give_back(lane.partition)
            log.warning("stream.newer", partition=lane.partition, error=str(error))

    def _hold(self) -> None:
        """Tend what the leases say; what was tended goes on while they do not answer."""
        if time.monotonic() < self._ask_at:
            return
        try:
            held = set(self._leases.hold())
        except StreamUnavailable as error:
            if self._unknown is None:
                log.warning("leases.unavailable", error=str(error))
            self._known, self._unknown = False, str(error)
            self._ask_at = time.monotonic() + UNKNOWN_PAUSE
            return
        self._known, self._unknown, self._ask_at = True, None, 0.0
        for partition in self._lanes.keys() - held:
            self._drop(partition)
        for partition in sorted(held - self._lanes.keys()):
            self._lanes[partition] = Lane(partition, self._make, self._manner)
            log.info("partition.taken", partition=partition)

    def _drop(self, partition: int) -> None:
        self._lanes.pop(partition).close()
        for gauge in (metrics.LAG_BYTES, metrics.LAG_SECONDS, metrics.EPOCH):
            # Its next owner tells of it, perhaps from another host.
            gauge.labels(str(partition)).set(0)
        log.info("partition.left", partition=partition)
