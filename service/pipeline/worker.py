"""Worker: from the spool to one commit a batch.

A batch's log rows, states, open queries, evaluations, flags and source
numbers are stored in one commit, so whatever is killed, a record is taken
either wholly or not at all, and the next worker goes on from there.

When scoring falls behind by more than ``max_lag`` the log goes ahead on a
cursor of its own: rows are written first, scoring follows over the same
records. Both cursors and both sets of open queries are in the checkpoint.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog

from service import metrics
from service.pipeline.events import event
from service.pipeline.join import Joiner
from service.pipeline.skipped import skipped
from service.ports import Commit, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.model.query import QueryEvent, Start
    from service.pipeline.join import Joined
    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint, Dialects, EventSource, Resume, Sourced

log = structlog.get_logger()

BATCH = 2048
"""Records a commit: large enough that the transaction's sync is shared, small enough to be prompt."""


PURGE_EVERY = 3_600_000_000
"""Microseconds of stream time between looks for what is past its retention."""

IDLE = 1.0
"""Seconds to the next look when there was less than a whole batch. A commit's sync holds up the spool's on the same
disk for a few milliseconds, so commits are few while there is no hurry."""

LOG_FIRST = 8
"""Batches that the log goes ahead for each batch that is scored, while scoring is behind."""

CUT = 8
"""A batch that scoring breaks on is tried again as parts, this many of them, until the query it breaks on is alone."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries while the store is unavailable."""


class ScoringError(Exception):
    """Scoring broke on a batch of several records. What the worker holds is worthless; nothing was stored."""


class Seal(Protocol):
    """Encrypts open starts before they go to the store: the spool's key never goes there."""

    def seal(self, data: bytes) -> bytes: ...

    def open(self, data: bytes) -> bytes: ...


class Starts:
    """Open starts to sealed bytes and back."""

    def __init__(self, seal: Seal, encode: Callable[[Start], bytes], decode: Callable[[bytes], Start]) -> None:
        self._seal, self._encode, self._decode = seal, encode, decode

    def sealed(self, starts: Mapping[bytes, Start]) -> dict[bytes, bytes]:
        """As the checkpoint keeps them."""
        return {key: self._seal.seal(self._encode(start)) for key, start in starts.items()}

    def joiner(self, stored: Mapping[bytes, bytes]) -> Joiner:
        """A joiner that has them open, oldest first.

        One that cannot be read, because the key was changed, stays in the store and is passed over.
        """
        starts = sorted(filter(None, map(self._opened, stored.values())), key=lambda start: start.at)
        return Joiner(open={start.id: start for start in starts})

    def _opened(self, data: bytes) -> Start | None:
        try:
            return self._decode(self._seal.open(data))
        except Exception as error:  # noqa: BLE001 - whatever it is, the stream must go on
            skipped("open_query", error)
            return None


class Worker:
    """Takes what the source has, batch by batch. ``step`` is the whole of it."""

    def __init__(
        self,
        *,
        source: EventSource,
        ahead: EventSource,
        checkpoint: Checkpoint,
        dialects: Dialects,
        starts: Starts,
        scorer: Scorer | None,
        max_lag: float,
    ) -> None:
        self._source, self._ahead = source, ahead
        self._checkpoint = checkpoint
        self._dialects = dialects
        self._starts = starts
        self._scorer = scorer
        self._max_lag = max_lag
        self._purged = 0
        self.spent = False
        """Whether scoring broke, so that a new worker must go on from the checkpoint."""
        resume: Resume = checkpoint.resume()
        self._positions = dict(resume.positions)
        self._logged = {**resume.positions, **resume.logged}
        self._joiner = starts.joiner(resume.opened)
        self._log_joiner = starts.joiner(resume.log_opened) if self._is_ahead() else None

    def step(self, limit: int | None = None) -> int:
        """Take one batch; how many records it had.

        Parameters
        ----------
        limit
            Records at most; ``BATCH`` or somewhat more by default.

        Raises
        ------
        ScoringError
            Nothing of the batch was stored: build a new worker and take less at once.
        StoreUnavailable
            Nothing of the batch was stored, and nothing is lost: build a new worker and go on.

        """
        if self._scorer is not None and self.late():
            for _ in range(LOG_FIRST):
                if not self._log_ahead():
                    break
        records = self._source.read(self._positions, limit or BATCH)[:limit]
        # The reader has counted and logged it; asked for, so that it need not keep it.
        self._source.damage()
        if not records:
            return 0
        commit = Commit()
        joined = list(self._joiner.feed(records))
        events = [event(item, self._dialects) for item in joined]
        commit.events = [e for e, item in zip(events, joined, strict=True) if not self._is_logged(item)]
        if self._scorer is not None:
            commit = self._scored(self._scorer, events, commit, alone=len(records) == 1)
        self._advance(commit, records)
        self._checkpoint.commit(commit)
        if self._scorer is not None:
            metrics.EVENTS.labels("score").inc(len(events))
        self._after(commit)
        self._purge()
        return len(records)

    def _scored(self, scorer: Scorer, events: Sequence[QueryEvent], commit: Commit, *, alone: bool) -> Commit:
        """The commit with scores in it; without, where scoring breaks on a record that is ``alone``."""
        try:
            scorer.take(events, commit)
        except StoreUnavailable:
            raise
        except Exception as error:
            if not alone:
                raise ScoringError from error
            skipped("score", error)
            self.spent = True
            return Commit(events=commit.events)
        return commit

    def _advance(self, commit: Commit, records: Sequence[Sourced]) -> None:
        opened, commit.closed = self._joiner.drain()
        commit.opened = self._starts.sealed(opened)
        for item in records:
            self._positions[item.source] = item.sequence
        commit.positions = dict(self._positions)
        if not self._is_ahead() and self._log_joiner is not None:
            # Scoring has caught up: from here both cursors are one again.
            commit.log_closed = list(self._log_joiner.open)
            self._log_joiner = None
        self._logged = {s: max(n, self._logged.get(s, 0)) for s, n in self._positions.items()} | {
            s: n for s, n in self._logged.items() if s not in self._positions
        }
        commit.logged = dict(self._logged)
        commit.gaps, self._joiner.gaps = self._joiner.gaps, []

    def _after(self, commit: Commit) -> None:
        metrics.EVENTS.labels("log").inc(len(commit.events))
        for flag in commit.flags:
            metrics.FLAGS.labels(flag.severity).inc()
            log.info("flag.raised", flag=flag.id, entity=str(flag.entity), severity=flag.severity, score=flag.score)
        metrics.SKIPPED.labels("orphan").inc(self._joiner.orphans)
        self._joiner.orphans = 0
        self._source.release(self._positions)
        self._lag()

    def _purge(self) -> None:
        """A slice an hour of stream time, and the next slice with the next batch until nothing is left."""
        # A gateway whose clock runs ahead must not make the log older than it is.
        now = min(self._joiner.time, time.time_ns() // 1000)
        if now >= self._purged + PURGE_EVERY and not self._checkpoint.purge(now):
            self._purged = now

    def _is_logged(self, item: Joined) -> bool:
        return item.sequence <= self._logged.get(item.source, 0)

    def _is_ahead(self) -> bool:
        return any(n > self._positions.get(source, 0) for source, n in self._logged.items())

    def late(self) -> bool:
        """Whether it is behind by more than the bound."""
        # Looked at before the batch too, because while the store takes nothing there is no after.
        return self._lag() > self._max_lag

    def _lag(self) -> float:
        """Seconds that the worker is behind, told to the metrics."""
        lag = self._source.lag(self._positions)
        seconds = max(0.0, time.time() - lag.oldest / 1e6) if lag.oldest else 0.0
        metrics.LAG_BYTES.set(lag.bytes)
        metrics.LAG_SECONDS.set(seconds)
        return seconds

    def _log_ahead(self) -> bool:
        """Write the log rows of one batch beyond the scoring cursor; False when there was none."""
        records = self._ahead.read(self._logged, BATCH)
        if not records:
            return False
        commit = Commit(positions=dict(self._positions))
        if self._log_joiner is None:
            self._log_joiner = self._joiner.copy()
            commit.log_opened = self._starts.sealed(self._log_joiner.open)
        joined = self._log_joiner.feed(records)
        commit.events = [event(item, self._dialects) for item in joined]
        opened, commit.log_closed = self._log_joiner.drain()
        commit.log_opened.update(self._starts.sealed(opened))
        for item in records:
            self._logged[item.source] = item.sequence
        commit.logged = dict(self._logged)
        self._log_joiner.gaps = []
        self._checkpoint.commit(commit)
        metrics.EVENTS.labels("log").inc(len(commit.events))
        return True


def run(
    make: Callable[[], Worker],
    stop: Callable[[], bool],
    *,
    stale: Callable[[], bool] = lambda: False,
    leisurely: Callable[[Callable[[], int]], int] = lambda step: step(),
    idle: float = IDLE,
) -> None:
    """Step until ``stop``; by way of ``leisurely`` while there is no hurry.

    A new worker begins from the checkpoint after a failure of the store or of scoring, and when ``stale``
    says that what workers are made of has changed. A record that scoring breaks on is logged and not scored.
    """
    worker: Worker | None = None
    limit: int | None = None
    pause = SHORTEST_PAUSE
    while not stop():
        try:
            worker = make() if worker is None or worker.spent or stale() else worker
            step = partial(worker.step, limit)
            taken = step() if worker.late() else leisurely(step)
            busy = taken >= (limit or BATCH)
        except StoreUnavailable as error:
            # What this worker holds in memory is ahead of the store now, so it must not go on.
            worker = None
            log.warning("store.unavailable", error=str(error), retry_in=pause)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        except ScoringError as error:
            worker, limit = None, max((limit or BATCH) // CUT, 1)
            log.warning("batch.cut", error=type(error.__cause__).__name__, limit=limit)
            continue
        limit = limit * 2 if limit and limit * 2 < BATCH else None
        pause = SHORTEST_PAUSE
        if not busy:
            time.sleep(idle)
