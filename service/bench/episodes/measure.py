"""Measure: episodes through the pipeline, without a baseline, over the cores of the machine.

Each account has a scorer of its own, so its queries are folded in long batches and none waits for another's: the
scores of an account depend on its own rows and the stream's time alone. What the whole stream knows, the models there
are, is told to each scorer beforehand.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from detectors.core.baseline import Baselines
from detectors.core.observation import Observations
from detectors.features import Extractor
from service.bench.episodes import unseen
from service.bench.episodes.episode import records
from service.bench.episodes.folds import FOLDS
from service.bench.peers.peer import Calls
from service.bootstrap.replay import STRANGER, in_memory
from service.bootstrap.scoring import Brain
from service.gateway.dialects import Dialects
from service.model.entity import Scope
from service.ports import Commit
from service.replay.records import read
from service.settings import Settings
from service.simulate.client import MODELS
from service.simulate.population import START

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from detectors.features import Prompt
    from service.bench.episodes.episode import Episode
    from service.bench.episodes.library import Library
    from service.bench.peers.peer import Peer
    from service.bench.suite import Given
    from service.model.query import QueryEvent

DAY = 86_400
BATCH = 512
"""Events folded at once, as the worker does."""
TASK = 8
"""Episodes handed to a process at once."""
CALLS = 1500
"""Queries of an account that the peers see: some compare each with each."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was measured of an account when it was evaluated."""

    day: int
    """Of the window it belongs to: what is closed after midnight is still of the day before."""
    queries: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """One episode, measured."""

    episode: Episode
    source: str
    """Of its texts."""
    queries: int
    days: int
    """On which it was evaluated at all."""
    moments: Sequence[Moment]
    peers: Mapping[str, float] = field(default_factory=dict)
    """Peer -> score of the whole account."""


class _Recorder:
    """An extractor that keeps what went through it: rows and texts for the peers."""

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor
        self.kept: list[tuple[Observations, list[str]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._extractor, name)

    def fill(self, into: Observations, prompts: Sequence[Prompt | None]) -> None:
        """Fill, and keep."""
        self._extractor.fill(into, prompts)
        self.kept.append((into, [prompt.user if prompt else "" for prompt in prompts]))

    def calls(self) -> Calls:
        """What was kept."""
        texts = [text for _, part in self.kept for text in part]
        return Calls(Observations.concat([rows for rows, _ in self.kept]), texts).first(CALLS)


class Bench:
    """Measures episodes one by one; one of these a process."""

    def __init__(self, library: Library, peers: Sequence[Peer] = ()) -> None:
        self._library = library
        self._peers = peers
        self._extractors = [Extractor(STRANGER, model=unseen.purpose(fold)) for fold in range(FOLDS)]
        self._dialects = Dialects()
        self._settings = Settings()

    def measure(self, episode: Episode) -> Measured:
        """The episode through the pipeline."""
        source, events = self._events(episode)
        moments, recorder = self._run(events, episode.fold)
        scores = {}
        if self._peers:
            calls = recorder.calls()
            scores = {peer.name: float(peer.score(calls)) for peer in self._peers}
        return Measured(episode, source, len(events), len({m.day for m in moments}), moments, scores)

    def calls(self, episode: Episode) -> Calls:
        """What the episode asks, for a peer to be fitted on."""
        return self._run(self._events(episode)[1], episode.fold)[1].calls()

    def _events(self, episode: Episode) -> tuple[str, list[QueryEvent]]:
        source, made = records(episode, self._library)
        events = [read(record, dialects=self._dialects, number=i) for i, record in enumerate(made)]
        return source, sorted(events, key=lambda event: (event.done, event.id))

    def _run(self, events: Sequence[QueryEvent], fold: int) -> tuple[list[Moment], _Recorder]:
        recorder = _Recorder(self._extractors[fold])
        brain = Brain(recorder, Baselines.empty(), unseen.detectors(fold))  # type: ignore[arg-type]
        scorer, checkpoint = in_memory(self._settings, brain, STRANGER)
        name = events[0].account if events else ""
        found = []
        kept: list[tuple[Observations, list[str]]] = []
        batches = [events[i : i + BATCH] for i in range(0, len(events), BATCH)]
        # After the last of its windows is closed, so that the account is judged on all it did.
        end = (events[-1].done / 1e6 if events else START) + 2 * self._settings.scoring.window + 600.0
        for batch in (self._prelude(), *batches, [self._stranger("small-1", end)]):
            commit = Commit()
            scorer.take(list(batch), commit)
            checkpoint.commit(commit)
            if batch[0].account == name:
                kept += recorder.kept
            recorder.kept = []
            found += [
                Moment(e.window // DAY, e.queries, e.values)
                for e in commit.evaluations
                if e.entity.scope == Scope.ACCOUNT and e.entity.value == name
            ]
        recorder.kept = kept
        return found, recorder

    def _prelude(self) -> list[QueryEvent]:
        """Every model is known from the first moment on: none is new because an account's run begins with it."""
        names = sorted({name for names in MODELS.values() for name in names} | {"embed-3"})
        return [self._stranger(name, START) for name in names]

    def _stranger(self, model: str, at: float) -> QueryEvent:
        request = {"model": model, "messages": []}
        record = {"ts": at, "account": "~", "path": "/v1/chat/completions", "request": request, "status": 200}
        return read(record, dialects=self._dialects, number=0)


_bench: Bench | None = None


def _begin(library: Library, peers: Sequence[Peer]) -> None:
    global _bench  # noqa: PLW0603 - a process of the pool keeps its models between tasks, and there is no other place
    _bench = Bench(library, peers)


def _do(episode: Episode) -> Measured:
    assert _bench is not None  # noqa: S101 - for the type checker; _begin ran first
    return _bench.measure(episode)


def measure(
    episodes: Sequence[Episode], library: Library, *, peers: Sequence[Peer] = (), processes: int = 0
) -> Iterator[Measured]:
    """All of them, in order, as they are done.

    Parameters
    ----------
    peers
        Fitted already.
    processes
        0: one for each core; 1: in this process.

    """
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(episodes) <= TASK:
        yield from map(Bench(library, peers).measure, episodes)
        return
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(library, peers)
    ) as pool:
        yield from pool.map(_do, episodes, chunksize=TASK)


def measured(
    episodes: Sequence[Episode], library: Library, given: Given, what: str, *, peers: Sequence[Peer] = ()
) -> list[Measured]:
    """All of them, with a word now and then on how far it is."""
    done = []
    for held in measure(episodes, library, peers=peers, processes=1 if given.quick else 0):
        done.append(held)
        if len(done) % max(1, len(episodes) // 10) == 0:
            given.say(f"{len(done):,} of {len(episodes):,} {what}")
    return done
