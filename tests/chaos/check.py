"""What is left, held against what the clients know and against an undisturbed run over the same spool."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.core.registry import all_detectors
from service.bootstrap.stores import stores, upgrade
from service.bootstrap.worker import Workers
from service.model.entity import Entity, Scope
from service.pipeline.entities import unpack
from service.ports import FlagFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from service.bootstrap.stores import Stores
    from service.ports import Account, EntityState
    from service.settings import Settings
    from tests.chaos.load import Sent

MARKER = re.compile(r"chaos-(\d{8})")
SCOPES = (Scope.ACCOUNT, Scope.END_USER)
MANY = 1_000_000
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of what must not be; all zero for a log that keeps its promise."""

    rows: int
    """Queries in the log, for scale; not a fault."""
    lost: int
    """Answered queries that the log does not have."""
    doubled: int
    """Rows beyond the first of one query."""
    invented: int
    """Rows of no query that was sent."""
    miscounted: int
    """By how many queries the accounts' counts differ from the log's rows."""

    @property
    def faults(self) -> int:
        """All of them."""
        return self.lost + self.doubled + self.invented + self.miscounted


def judge(settings: Settings, sent: Sequence[Sent]) -> Verdict:
    """The log and the accounts' counts against the clients' record."""
    store = stores(settings)
    logged: Counter[int] = Counter()
    accounts: Counter[str] = Counter()
    for event in store.records.export():
        accounts[event.account] += 1
        if found := MARKER.search(str(event.request)):
            logged[int(found[1])] += 1
    answered = {request.number for request in sent if request.answered}
    counted = {account.entity.value: account.queries for account in _accounts(store, Scope.ACCOUNT)}
    return Verdict(
        rows=accounts.total(),
        lost=len(answered - logged.keys()),
        doubled=logged.total() - len(logged),
        invented=len(logged.keys() - {request.number for request in sent}),
        miscounted=sum(abs(counted.get(name, 0) - accounts[name]) for name in counted.keys() | accounts.keys()),
    )


def undisturbed(settings: Settings, folder: Path) -> Settings:
    """A new installation with the same secrets and spool, and a worker that nobody kills."""
    fresh = settings.model_copy(update={"data": folder, "secrets": settings.secrets_folder})
    shutil.copytree(settings.spool, fresh.spool)
    upgrade(fresh)
    worker = Workers(fresh)()
    while worker.step():
        pass
    return fresh


@dataclass(frozen=True, slots=True)
class Difference:
    """How two stores differ."""

    entities: int
    """Entities compared, for scale."""
    counts: int
    """Entities known to one only, or with other counts, times, windows or severities."""
    states: float
    """Largest relative difference of any number of any state."""
    evaluations: int
    """Evaluations and flags that only one of them has, scores compared to 1e-9."""


def compare(ours: Settings, theirs: Settings) -> Difference:
    """Everything that scoring left behind."""
    a, b = stores(ours), stores(theirs)
    mine, other = _entities(a), _entities(b)
    both = mine.keys() & other.keys()
    differing = sum(_plain(mine[entity]) != _plain(other[entity]) for entity in both)
    return Difference(
        entities=len(both),
        counts=len(mine.keys() ^ other.keys()) + differing,
        states=max((_furthest(entity, mine[entity], other[entity]) for entity in both), default=0.0),
        evaluations=_unlike(a, b, mine.keys() | other.keys()),
    )


def _accounts(store: Stores, scope: Scope) -> Iterator[Account]:
    after: str | None = None
    while True:
        page = store.records.accounts(scope, after, 500)
        yield from page.items
        if (after := page.next) is None:
            return


def _entities(store: Stores) -> dict[Entity, EntityState]:
    wanted = [account.entity for scope in SCOPES for account in _accounts(store, scope)]
    return dict(store.checkpoint.entities(wanted))


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
    return float(np.max(np.abs(x - y) / np.maximum(np.maximum(np.abs(x), np.abs(y)), 1e-300)))


def _unlike(a: Stores, b: Stores, entities: Iterable[Entity]) -> int:
    mine, other = _scores(a, entities), _scores(b, entities)
    unlike = sum(abs(mine[key] - other[key]) > TOLERANCE for key in mine.keys() & other.keys())
    return unlike + len(mine.keys() ^ other.keys()) + len(_flags(a) ^ _flags(b))


def _scores(store: Stores, entities: Iterable[Entity]) -> dict[tuple[object, ...], float]:
    evaluations = (e for entity in entities for e in store.records.evaluations(entity, MANY))
    return {(e.entity, e.window, e.trigger, e.at, e.queries): e.score for e in evaluations}


def _flags(store: Stores) -> set[str]:
    found: set[str] = set()
    after: str | None = None
    while True:
        page = store.records.flags(FlagFilter(), after, 500)
        found.update(flag.id for flag in page.items)
        if (after := page.next) is None:
            return found
