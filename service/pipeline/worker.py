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
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import structlog

from service import metrics
from service.model.query import Mark, Outcome
from service.pipeline.events import Reader, Room
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

LOG_FIRST = 8
"""Batches that the log goes ahead for each batch that is scored, while scoring is behind."""


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
    """Takes what a partition's source has, batch by batch. ``step`` is the whole of it.

    It does not matter whether the source is a spool or a partition of a shared stream, nor which store the
    checkpoint is on: whoever makes it has claimed the partition on that checkpoint before.

    Parameters
    ----------
    source, ahead
        Two readers of the same records, for the states and for the log where that runs ahead.
    batch
        Records a commit, about.
    number
        Of the partition, for what the metrics are told.
    room
        For events that are read ahead, shared by all workers of the process; of its own by default.
    closing
        Called by :meth:`close`.

    """

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
        batch: int = BATCH,
        number: int = 0,
        room: Room | None = None,
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        self._source, self._ahead = source, ahead
        self._checkpoint = checkpoint
        self._events = Reader(dialects, room or Room())
        self._starts = starts
        self._scorer = scorer
        self._max_lag = max_lag
        self.batch = batch
        self._number = str(number)
        self._closing = closing
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
            Records at most; ``batch`` or somewhat more by default.

        Raises
        ------
        ScoringError
            Nothing of the batch was stored: build a new worker and take less at once.
        StoreUnavailable
            Nothing of the batch was stored, and nothing is lost: build a new worker and go on.
        Fenced
            Another worker has claimed the partition: nothing of the batch was stored, and this one is of no use.

        """
        if self._scorer is not None and self.late():
            for _ in range(LOG_FIRST):
                if not self._log_ahead():
                    break
        records = self._source.read(self._positions, limit or self.batch)[:limit]
        # The reader has counted and logged it; asked for, so that it need not keep it.
        self._source.damage()
        if not records:
            return 0
        commit = Commit()
        joined = list(self._joiner.feed(records))
        events = self._events.read(joined)
        commit.events = [e for e, item in zip(events, joined, strict=True) if not self._is_logged(item)]
        if self._scorer is not None:
            now = max((item.record.at for item in records if isinstance(item.record, Mark)), default=0)
            commit = self._scored(self._scorer, events, commit, now=now, alone=len(records) == 1)
        self._advance(commit, records)
        self._checkpoint.commit(commit)
        if self._scorer is not None:
            metrics.EVENTS.labels("score").inc(len(events))
        self._after(commit)
        self._purge()
        return len(records)

    def close(self) -> None:
        """Let go of files, connections and memory."""
        self._events.close()
        self._closing()

    def _scored(self, scorer: Scorer, events: Sequence[QueryEvent], commit: Commit, *, now: int, alone: bool) -> Commit:
        """The commit with scores in it; without, where scoring breaks on a record that is ``alone``."""
        try:
            scorer.take(_in_order(events, scorer.time), commit, now=now)
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
        for _, gap in commit.gaps:
            metrics.GAPS.labels("start").inc(gap.starts)
            metrics.GAPS.labels("end").inc(gap.ends)
            metrics.GAPS.labels("other").inc(gap.others)
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
        if self._log_joiner is not None and item.end.outcome is Outcome.UNKNOWN:
            # It timed out by a record of another source, perhaps, which the log has in another order: the log
            # takes it twice rather than never, and keeps it once.
            return False
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
        metrics.LAG_BYTES.labels(self._number).set(lag.bytes)
        metrics.LAG_SECONDS.labels(self._number).set(seconds)
        return seconds

    def _log_ahead(self) -> bool:
        """Write the log rows of one batch beyond the scoring cursor; whether there may be another whole one."""
        records = self._ahead.read(self._logged, self.batch)
        if not records:
            return False
        commit = Commit(positions=dict(self._positions))
        if self._log_joiner is None:
            self._log_joiner = self._joiner.copy()
            commit.log_opened = self._starts.sealed(self._log_joiner.open)
        commit.events = self._events.ahead(self._log_joiner.feed(records))
        opened, commit.log_closed = self._log_joiner.drain()
        commit.log_opened.update(self._starts.sealed(opened))
        for item in records:
            self._logged[item.source] = item.sequence
        commit.logged = dict(self._logged)
        self._log_joiner.gaps = []
        self._checkpoint.commit(commit)
        metrics.EVENTS.labels("log").inc(len(commit.events))
        # What comes in meanwhile waits for the next step, so that a commit is not made for a few records.
        return 2 * len(records) >= self.batch


def _in_order(events: Sequence[QueryEvent], since: int) -> Sequence[QueryEvent]:
    """The events for the states, whose time never goes back: one that a gateway shipped late happened when it came.

    The log keeps its own time.
    """
    found = []
    for item in events:
        since = max(since, item.done)
        if item.done < since:
            metrics.LATE.inc()
        found.append(item if item.done == since else replace(item, done=since))
    return found
