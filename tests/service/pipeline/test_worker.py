"""The worker over a source in memory: cutting, killing and lagging change nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import pytest

from detectors.core.baseline import Baselines
from detectors.features import Extractor
from service.backends.memory import MemoryCheckpoint
from service.backends.seal import AesSeal
from service.bootstrap.scoring import Brain, scorer
from service.gateway.dialects import Dialects
from service.model.query import Gap, Inspect, Outcome, Query, Record, Start
from service.pipeline import lanes
from service.pipeline.events import ROOM, Room
from service.pipeline.lanes import Lanes, Manner
from service.pipeline.scorer import Scorer
from service.pipeline.worker import BATCH, Starts, Worker
from service.ports import Commit, Lag, Sourced, StoreUnavailable
from service.settings import Settings
from tests.service.pipeline.factories import SECOND, T0, a_start, an_end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.model.query import QueryEvent

KEY = b"k" * 32
WORDS = [
    "river",
    "stone",
    "lamp",
    "market",
    "paper",
    "winter",
    "engine",
    "garden",
    "copper",
    "violin",
    "harbour",
    "letter",
]


@dataclass
class Source:
    """``ports.EventSource`` over a list."""

    records: list[Sourced]
    oldest: int | None = None
    released: dict[str, int] = field(default_factory=dict)

    def read(self, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        return [r for r in self.records if r.sequence > after.get(r.source, 0)][:limit]

    def release(self, covered: Mapping[str, int]) -> None:
        self.released = dict(covered)

    def lag(self, after: Mapping[str, int]) -> Lag:  # noqa: ARG002 - the port's word
        return Lag(0, self.oldest)

    def damage(self) -> Sequence[tuple[str, int]]:
        return []


class Flaky(MemoryCheckpoint):
    """A store that refuses every third commit, as a full disk does."""

    def __init__(self) -> None:
        super().__init__(keep_events=True)
        self.tries = 0

    def commit(self, commit: Commit) -> None:
        self.tries += 1
        if self.tries % 3 == 0:
            raise StoreUnavailable("database or disk is full")
        super().commit(commit)


def traffic(queries: int = 90) -> list[Record]:
    """Overlapping chats of three accounts; every tenth query never ends."""
    records: list[tuple[int, Record]] = []
    for i in range(queries):
        text = " ".join(WORDS[(i * k) % len(WORDS)] for k in (1, 3, 5, 7)) + f" number {i}?"
        body = json.dumps({"model": "m", "user": f"u{i % 2}", "messages": [{"role": "user", "content": text}]}).encode()
        start = a_start(T0 + i * 30 * SECOND, account=f"acct-{i % 3}", org="org", body=body, size=len(body))
        records.append((start.at, start))
        if i % 10:
            end = an_end(start, after=SECOND * (1 + i % 50), body=b'{"usage":{"completion_tokens":9}}')
            records.append((end.at, end))
    return [record for _, record in sorted(records, key=lambda pair: pair[0])]


def sourced(records: list[Record]) -> list[Sourced]:
    """The records as one source numbers them."""
    return [Sourced("boot-1", i + 1, record) for i, record in enumerate(records)]


@pytest.fixture(scope="module")
def brain() -> Brain:
    """Features without a baseline."""
    return Brain(Extractor(KEY), Baselines.empty())


def a_worker(
    source: Source,
    store: MemoryCheckpoint,
    brain: Brain,
    *,
    max_lag: float = 5.0,
    batch: int = BATCH,
    dialects: Dialects | None = None,
    room: Room | None = None,
) -> Worker:
    """A worker that goes on from the store."""
    seal = Starts(AesSeal(KEY), msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Start).decode)
    make = scorer(Settings(), brain, KEY)
    return Worker(
        source=source, ahead=source, checkpoint=store, dialects=dialects or Dialects(), starts=seal, scorer=make(store),
        max_lag=max_lag, batch=batch, room=room,
    )  # fmt: skip


def drained(source: Source, store: MemoryCheckpoint, brain: Brain, *, batch: int = BATCH) -> MemoryCheckpoint:
    """The store after one undisturbed worker took everything."""
    worker = a_worker(source, store, brain, batch=batch)
    while worker.step():
        pass
    return store


def outcome(store: MemoryCheckpoint) -> tuple[object, ...]:
    """All that must not depend on how the stream was taken."""
    evaluations = [(e.entity, e.window, e.trigger, e.at, e.queries, e.values) for e in store.evaluations]
    ends = sorted((event.at, event.done, event.outcome) for event in store.events.values())
    counts = sorted((entity, s.queries, s.last_seen, s.window) for entity, s in store.states.items())
    return sorted(evaluations, key=lambda e: (e[3], e[0], e[2])), ends, counts, store.resume().positions


@pytest.fixture(scope="module")
def undisturbed(brain: Brain) -> tuple[list[Sourced], tuple[object, ...]]:
    """The traffic, and what one undisturbed worker makes of it."""
    records = sourced(traffic())
    return records, outcome(drained(Source(records), MemoryCheckpoint(keep_events=True), brain))


def test_every_query_is_logged_once(undisturbed: tuple[list[Sourced], tuple[object, ...]]) -> None:
    """Queries that ended are logged with their end, those that did not as unknown after ten minutes."""
    _, (_, ends, counts, _) = undisturbed
    assert isinstance(ends, list)
    unknown = [done - at for at, done, how in ends if how is Outcome.UNKNOWN]
    assert set(unknown) == {600 * SECOND}
    # The last of those that never ended has not waited its ten minutes yet.
    assert len(ends) == 89
    assert isinstance(counts, list)
    assert sum(queries for entity, queries, *_ in counts if entity.scope == "account") == 89


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_the_size_of_a_batch_changes_nothing(
    batch: int, undisturbed: tuple[list[Sourced], tuple[object, ...]], brain: Brain
) -> None:
    """Evaluations, counts and log are the same however the stream is cut."""
    records, expected = undisturbed
    assert outcome(drained(Source(records), MemoryCheckpoint(keep_events=True), brain, batch=batch)) == expected


def test_a_refused_commit_loses_nothing(
    undisturbed: tuple[list[Sourced], tuple[object, ...]], brain: Brain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a store that refuses every third commit, new workers from its checkpoint come to the same end."""
    monkeypatch.setattr(lanes, "SHORTEST_PAUSE", 0.0)
    records, expected = undisturbed
    store, source = Flaky(), Source(records)
    last = len(records)
    Lanes(lambda _: a_worker(source, store, brain, batch=10), manner=Manner(idle=0.0)).run(
        lambda: store.resume().positions.get("boot-1", 0) == last
    )
    assert store.tries > last // 10
    assert outcome(store) == expected


def test_the_log_goes_ahead_when_scoring_lags(
    undisturbed: tuple[list[Sourced], tuple[object, ...]], brain: Brain
) -> None:
    """Behind by more than the bound, rows are logged before they are scored, and the end is the same."""
    records, expected = undisturbed
    store = MemoryCheckpoint(keep_events=True)
    worker = a_worker(Source(records, oldest=T0), store, brain, batch=16)
    worker.step()
    resumed = store.resume()
    assert resumed.logged["boot-1"] > resumed.positions["boot-1"]
    # Killed while ahead: the next one goes on from both cursors.
    assert outcome(drained(Source(records, oldest=T0), store, brain, batch=16)) == expected
    assert not store.resume().log_opened


class Counting(Dialects):
    """Counts the requests that are read."""

    count = 0

    def read(self, method: str, path: str, body: bytes, *, full: bool) -> tuple[Query, object]:
        self.count += 1
        return super().read(method, path, body, full=full)


@pytest.mark.parametrize(("left", "times"), [(ROOM, 1), (0, 2)])
def test_what_is_read_ahead_is_read_once_where_there_is_room(
    left: int, times: int, undisturbed: tuple[list[Sourced], tuple[object, ...]], brain: Brain
) -> None:
    """What the log has read is kept for the states; the end is the same, and the room is whole again."""
    records, expected = undisturbed
    dialects, room, store = Counting(), Room(left), MemoryCheckpoint(keep_events=True)
    worker = a_worker(Source(records, oldest=T0), store, brain, batch=16, dialects=dialects, room=room)
    while worker.step():
        pass
    assert outcome(store) == expected
    assert dialects.count == times * len(store.events)
    assert room.left == left


def test_what_is_kept_goes_with_the_worker(undisturbed: tuple[list[Sourced], tuple[object, ...]], brain: Brain) -> None:
    """The room is for all workers of the process."""
    room = Room()
    store = MemoryCheckpoint(keep_events=True)
    worker = a_worker(Source(undisturbed[0], oldest=T0), store, brain, batch=16, room=room)
    worker.step()
    assert room.left < ROOM
    worker.close()
    assert room.left == ROOM


class Breaking(Scorer):
    """A scorer that breaks on one account, after it has changed what it holds."""

    def take(self, events: Sequence[QueryEvent], into: Commit, *, now: int = 0) -> None:
        super().take(events, into, now=now)
        if any(event.account == "acct-poison" for event in events):
            raise ArithmeticError("no such number")


def test_a_query_that_scoring_breaks_on_is_logged_and_left_out(
    undisturbed: tuple[list[Sourced], tuple[object, ...]], brain: Brain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker lives; the query is in the log; every other query is scored as if it had not come."""
    monkeypatch.setattr("service.bootstrap.scoring.Scorer", Breaking)
    records, (evaluations, ends, counts, _) = undisturbed
    poison = a_start(T0 + 40 * SECOND, account="acct-poison")
    position = next(
        i for i, item in enumerate(records) if not isinstance(item.record, Gap) and item.record.at > poison.at
    )
    whole = [item.record for item in records]
    whole[position:position] = [poison, an_end(poison, after=0)]
    source, store = Source(sourced(whole)), MemoryCheckpoint(keep_events=True)
    Lanes(lambda _: a_worker(source, store, brain, batch=64), manner=Manner(idle=0.0)).run(
        lambda: store.resume().positions.get("boot-1", 0) == len(whole)
    )
    found, logged, states, _ = outcome(store)
    assert poison.id in store.events
    assert isinstance(logged, list)
    assert isinstance(ends, list)
    assert len(logged) == len(ends) + 1
    assert (found, states) == (evaluations, counts)


class Brittle(Dialects):
    """Breaks on one body, and on one answer."""

    def read(self, method: str, path: str, body: bytes, *, full: bool) -> tuple[Query, object]:
        if body == b"poison":
            raise RecursionError("too deep")
        return super().read(method, path, body, full=full)


def test_a_body_that_cannot_be_read_keeps_its_row(brain: Brain) -> None:
    """Who asked and when is logged, as a query that was not understood."""
    start = a_start(body=b"poison", size=6)
    store = MemoryCheckpoint(keep_events=True)
    worker = a_worker(Source(sourced([start, an_end(start)])), store, brain, dialects=Brittle())
    assert worker.step()
    event = store.events[start.id]
    assert (event.account, event.request_bytes, event.query.inspect) == ("acct-1", 6, Inspect.UNPARSED)


def test_open_queries_under_another_key_do_not_stop_the_stream(brain: Brain) -> None:
    """A start that was sealed under a key that is gone is passed over; the next query is taken."""
    store, lost, start = MemoryCheckpoint(keep_events=True), a_start(), a_start(T0 + SECOND)
    store.commit(Commit(positions={"boot-1": 1}, logged={"boot-1": 1}, opened={lost.id: AesSeal(b"o" * 32).seal(b"x")}))
    drained(Source(sourced([lost, start, an_end(start)])), store, brain)
    assert list(store.events) == [start.id]
    assert list(store.resume().opened) == [lost.id]


def test_a_clock_that_runs_ahead_purges_nothing_early(brain: Brain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records from the next century do not make the log a century old: the worker's own clock counts too."""
    asked: list[int] = []

    def purge(_store: MemoryCheckpoint, now: int) -> Mapping[str, int]:
        asked.append(now)
        return {}

    monkeypatch.setattr(MemoryCheckpoint, "purge", purge)
    start = a_start(T0 + 100 * 365 * 86400 * SECOND)
    drained(Source(sourced([start, an_end(start)])), MemoryCheckpoint(), brain)
    assert asked
    assert max(asked) < T0 + 50 * 365 * 86400 * SECOND


@pytest.mark.parametrize(("oldest", "by_way_of"), [(None, True), (T0, False)], ids=["in-time", "late"])
def test_who_is_late_is_in_a_hurry(oldest: int | None, *, by_way_of: bool, brain: Brain) -> None:
    """Steps are taken leisurely while the worker keeps up, and at its own priority once it is late."""
    records, leisurely = sourced(traffic(12)), []
    store = MemoryCheckpoint()

    def slowly(step: Callable[[], int]) -> int:
        leisurely.append(step)
        return step()

    Lanes(
        lambda _: a_worker(Source(records, oldest=oldest), store, brain), manner=Manner(leisurely=slowly, idle=0.0)
    ).run(lambda: store.resume().positions.get("boot-1", 0) == len(records))
    assert bool(leisurely) is by_way_of
