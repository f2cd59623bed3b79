"""The scorer: one broken part costs no more than what it broke on, and silence is forgotten by event time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from detectors.core.baseline import Baselines
from detectors.core.registry import all_detectors
from detectors.features import Extractor
from detectors.volume import Volume
from service.backends.memory import MemoryCheckpoint
from service.model.entity import Entity, Scope
from service.pipeline.entities import unpack
from service.pipeline.rules import Rules
from service.pipeline.scorer import Scorer
from service.ports import Commit
from service.settings import Settings
from tests.service.pipeline.factories import SECOND, T0, an_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.core.detector import Detector
    from detectors.core.observation import Observations
    from detectors.core.state import State
    from service.model.flag import Evaluation
    from service.model.query import QueryEvent
    from service.ports import Checkpoint

KEY = b"k" * 32
DAY = 86_400 * SECOND
US = Entity(Scope.ACCOUNT, "acct-1")


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    """Features."""
    return Extractor(KEY)


def a_scorer(
    store: Checkpoint,
    extractor: Extractor,
    detectors: Sequence[Detector] | None = None,
    shadow: frozenset[str] = frozenset(),
) -> Scorer:
    """A scorer that goes on from the store, without a baseline."""
    return Scorer(
        store,
        extractor=extractor,
        detectors=all_detectors() if detectors is None else detectors,
        shadow=shadow,
        rules=Rules(Baselines.empty(), 0.001, {}),
        settings=Settings().scoring,
        trail_days=7,
        state_days=30,
        key=KEY,
    )


def scored(
    events: Sequence[QueryEvent],
    extractor: Extractor,
    *,
    batch: int,
    detectors: Sequence[Detector] | None = None,
    forget: bool = False,
) -> MemoryCheckpoint:
    """The store after the events were taken in batches, silent entities taken away between them if ``forget``."""
    store = MemoryCheckpoint()
    scorer = a_scorer(store, extractor, detectors)
    for start in range(0, len(events), batch):
        commit = Commit()
        scorer.take(events[start : start + batch], commit)
        store.commit(commit)
        if forget:
            cold = [e for e, s in store.states.items() if s.window < 0 and s.last_seen < scorer.time - 30 * DAY]
            for entity in cold:
                del store.states[entity]
            # A scorer made anew has nothing warm that would hide what is gone.
            scorer = a_scorer(store, extractor, detectors)
    return store


def queries(count: int, *, since: int = T0, account: str = "acct-1") -> list[QueryEvent]:
    """A query every ten seconds, each asking something else."""
    return [
        an_event(since + i * 10 * SECOND, turns=(("user", f"what is number {i}, and why {i * 7}?"),), account=account)
        for i in range(count)
    ]


def outcome(store: MemoryCheckpoint) -> tuple[object, ...]:
    """All that the scorer made."""
    evaluations = [(e.entity, e.window, e.trigger, e.at, e.queries, e.values) for e in store.evaluations]
    return evaluations, {e: (s.queries, s.first_seen, s.last_seen, s.window) for e, s in store.states.items()}


@pytest.mark.parametrize("batch", [1, 7, 200])
@pytest.mark.parametrize("forget", [False, True])
def test_a_long_silence_is_forgotten_by_event_time(batch: int, forget: bool, extractor: Extractor) -> None:  # noqa: FBT001
    """After more than ``retention.states`` an entity begins anew, whether its states were taken away or not."""
    back = T0 + 31 * DAY
    other = queries(2, since=T0 + 30 * DAY + 7200 * SECOND, account="acct-2")
    events = [*queries(30), *other, *queries(25, since=back)]
    store = scored(events, extractor, batch=batch, forget=forget)
    ours = [(e.trigger, e.queries) for e in store.evaluations if e.entity == US]
    assert ours == [("n=20", 20), ("close", 30), ("n=20", 20)]
    assert (store.states[US].queries, store.states[US].first_seen) == (25, back - SECOND)
    assert outcome(store) == outcome(scored(events, extractor, batch=3))


def test_a_silence_within_retention_is_no_new_beginning(extractor: Extractor) -> None:
    """Up to ``retention.states`` an entity goes on where it was."""
    last = T0 + 29 * 10 * SECOND
    store = scored([*queries(30), an_event(last + 30 * DAY)], extractor, batch=64)
    assert store.states[US].queries == 31


def test_a_detector_in_shadow_is_measured_and_does_not_count(extractor: Extractor) -> None:
    """Its values are stored for learning and for the listing; among the signals and groups it is not."""
    store = MemoryCheckpoint()
    commit = Commit()
    a_scorer(store, extractor, shadow=frozenset({"volume"})).take(queries(20), commit)
    (evaluation,) = commit.evaluations
    assert "volume.fresh_tokens_1h" in evaluation.values
    assert "volume" not in {signal.name.partition(".")[0] for signal in evaluation.signals}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragile(Volume):
    """Breaks on a query of thirteen input tokens."""

    def update(self, state: State, batch: Observations) -> State:
        if (batch.input_tokens == 13).any():
            raise ArithmeticError("thirteen")
        return Volume.update(self, state, batch)


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_a_detector_leaves_out_only_the_query_it_breaks_on(batch: int, extractor: Extractor) -> None:
    """Its state has every other query, however the stream was cut, and the entity counts all of them."""
    events = queries(30)
    events[17] = replace(events[17], answer=replace(events[17].answer, input_tokens=13))
    store = scored(events, extractor, batch=batch, detectors=[Fragile()])
    followed = unpack(store.states[US], [Fragile()])
    assert followed.queries == 30
    assert int(followed.states["volume"]["seen"]) == 29


class Picky(Extractor):
    """Breaks on one text."""

    def fill(self, into: Observations, prompts: Sequence[object]) -> None:
        if any(p is not None and "poison" in p.user for p in prompts):  # type: ignore[attr-defined]
            raise ValueError("that text")
        Extractor.fill(self, into, prompts)  # type: ignore[arg-type]


def test_a_text_that_features_break_on_costs_no_other_query_its_own() -> None:
    """It counts as a query without a text; all others are as they would be without it."""
    events = queries(25)
    events[3] = an_event(events[3].done, turns=(("user", "poison"),))
    without = [*events[:3], an_event(events[3].done, turns=(("user", ""),)), *events[4:]]
    assert outcome(scored(events, Picky(KEY), batch=25)) == outcome(scored(without, Picky(KEY), batch=25))


def test_unreadable_states_begin_anew(extractor: Extractor) -> None:
    """States that no longer have their size, or are no states at all, cost the entity its past and nothing else."""
    store = scored(queries(30), extractor, batch=64)
    store.states[US] = replace(store.states[US], states=b"\xff")
    commit = Commit()
    a_scorer(store, extractor).take([an_event(T0 + 3600 * SECOND)], commit)
    assert commit.entities[US].queries == 31


def test_a_judgement_that_breaks_keeps_the_states(extractor: Extractor, monkeypatch: pytest.MonkeyPatch) -> None:
    """No evaluation comes of it; what was folded stays."""

    def broken(*_: object) -> None:
        raise ArithmeticError("no such law")

    monkeypatch.setattr(Rules, "judge", broken)
    store = scored(queries(25), extractor, batch=64)
    assert store.evaluations == []
    assert store.states[US].queries == 25


def test_a_quiet_partition_keeps_the_streams_time(extractor: Extractor) -> None:
    """Two accounts in two partitions, each told the stream's time, are evaluated as in one: to the moment and value."""
    both = sorted(
        [*queries(45, account="acct-1"), *queries(25, since=T0 + 5 * SECOND, account="acct-2")], key=lambda e: e.done
    )
    end = T0 + 3 * 3600 * SECOND
    together = MemoryCheckpoint()
    commit = Commit()
    a_scorer(together, extractor).take(both, commit, now=end)
    together.commit(commit)
    apart = []
    for account in ("acct-1", "acct-2"):
        store = MemoryCheckpoint()
        scorer = a_scorer(store, extractor)
        for event in both:
            commit = Commit()
            scorer.take([event] if event.account == account else [], commit, now=event.done)
            store.commit(commit)
        commit = Commit()
        scorer.take([], commit, now=end)
        store.commit(commit)
        assert scorer.time == end
        assert all(state.window < 0 for state in store.states.values())
        apart += store.evaluations
    assert sorted(map(_told, apart)) == sorted(map(_told, together.evaluations))
    assert {evaluation.trigger for evaluation in apart} >= {"n=20", "n=40", "close"}


def _told(evaluation: Evaluation) -> tuple[object, ...]:
    values = sorted(evaluation.values.items())
    return (str(evaluation.entity), evaluation.at, evaluation.trigger, evaluation.queries, str(values))
