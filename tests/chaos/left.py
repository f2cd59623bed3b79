"""What a run left behind, of a store or of an undisturbed run in memory, and how two of them differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.core.registry import all_detectors
from service.model.entity import Entity, Scope
from service.pipeline.entities import unpack
from service.ports import FlagFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from service.bootstrap.stores import Stores
    from service.model.flag import Evaluation
    from service.model.query import QueryEvent
    from service.ports import Account, EntityState

SCOPES = (Scope.ACCOUNT, Scope.ORG, Scope.END_USER)
MANY = 1_000_000
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Left:
    """Everything that counts."""

    log: dict[str, tuple[object, ...]]
    """Event id -> what its row says."""
    entities: dict[Entity, EntityState]
    scores: dict[tuple[object, ...], float]
    """Entity, window, trigger, time and count of each evaluation -> score."""
    flags: set[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """How two runs differ. All zero where one was as good as the other."""

    rows: int
    """Rows of the log compared, for scale."""
    entities: int
    """Entities compared, for scale."""
    log: int
    """Rows that only one has, or that say something else."""
    queries: int
    """Entities known to one only, or with other counts of queries."""
    counts: int
    """Entities known to one only, or with other counts, times, windows or severities."""
    states: float
    """Largest relative difference of any number of any state."""
    evaluations: int
    """Evaluations that only one of them has, scores compared to 1e-9."""
    flags: int
    """Flags that only one of them raised."""

    @property
    def none(self) -> bool:
        """Whether they are the same."""
        return (self.log, self.counts, self.evaluations, self.flags) == (0, 0, 0, 0) and self.states < TOLERANCE


def compare(a: Left, b: Left) -> Difference:
    """Row by row, entity by entity, evaluation by evaluation, flag by flag."""
    both = a.entities.keys() & b.entities.keys()
    strange = len(a.entities.keys() ^ b.entities.keys())
    other = sum(_plain(a.entities[entity]) != _plain(b.entities[entity]) for entity in both)
    unlike = sum(abs(a.scores[key] - b.scores[key]) > TOLERANCE for key in a.scores.keys() & b.scores.keys())
    return Difference(
        rows=len(a.log.keys() & b.log.keys()),
        entities=len(both),
        log=len(dict(a.log.items() ^ b.log.items())),
        queries=sum(a.entities[e].queries != b.entities[e].queries for e in both) + strange,
        counts=strange + other,
        states=max((_furthest(entity, a.entities[entity], b.entities[entity]) for entity in both), default=0.0),
        evaluations=unlike + len(a.scores.keys() ^ b.scores.keys()),
        flags=len(a.flags ^ b.flags),
    )


def left_in(store: Stores) -> Left:
    """What a store holds."""
    wanted = [account.entity for scope in SCOPES for account in accounts(store, scope)]
    return Left(
        log=dict(map(row, store.records.export())),
        entities=dict(store.checkpoint_of(0).entities(wanted)),
        scores=dict(map(scored, (e for entity in wanted for e in store.records.evaluations(entity, MANY)))),
        flags=_flags(store),
    )


def row(event: QueryEvent) -> tuple[str, tuple[object, ...]]:
    """A row of the log, as far as it is the same whoever wrote it."""
    said = (event.at, event.done, event.account, event.org, event.end_user, event.status, str(event.outcome))
    return event.id.hex(), said


def scored(evaluation: Evaluation) -> tuple[tuple[object, ...], float]:
    """An evaluation by what it is of."""
    e = evaluation
    return (e.entity, e.window, e.trigger, e.at, e.queries), e.score


def accounts(store: Stores, scope: Scope) -> Iterator[Account]:
    """All entities of a scope, page by page."""
    after: str | None = None
    while True:
        page = store.records.accounts(scope, after, 500)
        yield from page.items
        if (after := page.next) is None:
            return


def _flags(store: Stores) -> set[str]:
    found: set[str] = set()
    after: str | None = None
    while True:
        page = store.records.flags(FlagFilter(), after, 500)
        found.update(flag.id for flag in page.items)
        if (after := page.next) is None:
            return found


def _plain(state: EntityState) -> tuple[object, ...]:
    return state.queries, state.first_seen, state.last_seen, state.window, state.raised


def _furthest(entity: Entity, a: EntityState, b: EntityState) -> float:
    detectors = [detector for detector in all_detectors() if entity.scope in detector.scopes]
    mine, other = unpack(a, detectors).states, unpack(b, detectors).states
    return max((_distance(mine[name], other[name]) for name in mine), default=0.0)


def _distance(a: NDArray[Any], b: NDArray[Any]) -> float:
    if a.dtype.names:
        return max(_distance(a[name], b[name]) for name in a.dtype.names)
    if np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return 0.0
    x, y = a.astype(float), b.astype(float)
    known = np.isfinite(x) & np.isfinite(y)
    if np.any(~known & ~((x == y) | (np.isnan(x) & np.isnan(y)))):
        return float("inf")
    x, y = x[known], y[known]
    return float(np.max(np.abs(x - y) / np.maximum(np.maximum(np.abs(x), np.abs(y)), 1e-300), initial=0.0))
