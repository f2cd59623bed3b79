"""The worker's store in memory: what a replay runs on."""

from __future__ import annotations

from collections import deque
from heapq import nlargest
from typing import TYPE_CHECKING

from service.model.entity import Entity, Scope
from service.model.ids import text_id
from service.ports import Commit, EntityState, Gathered, Resume, TrailEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.model.flag import Evaluation, Flag
    from service.model.query import Gap, QueryEvent

DAY = 86_400_000_000
"""Microseconds."""
RECENT = 64
"""Latest event ids remembered of each entity."""


class MemoryCheckpoint:
    """``ports.Checkpoint`` in dicts, for one run of one process.

    A year of history must not fill the memory, so events are not kept unless asked for, and
    evaluations and flags go to the callers' functions; where none is given they are gathered
    in ``evaluations`` and ``flags``.

    Parameters
    ----------
    on_evaluation, on_flag
        Called once for each, in the order of the commits.
    keep_events
        Keep every event, in ``events`` by id.
    trail_days
        Days of event time that :meth:`purge` leaves of the trail.

    """

    def __init__(
        self,
        *,
        on_evaluation: Callable[[Evaluation], None] | None = None,
        on_flag: Callable[[Flag], None] | None = None,
        keep_events: bool = False,
        trail_days: int = 7,
    ) -> None:
        self.evaluations: list[Evaluation] = []
        self.flags: list[Flag] = []
        self.events: dict[bytes, QueryEvent] = {}
        self.gaps: list[tuple[str, Gap]] = []
        self.states: dict[Entity, EntityState] = {}
        """All entities, as last committed."""
        self._on_evaluation = on_evaluation or self.evaluations.append
        self._on_flag = on_flag or self.flags.append
        self._epoch = 0
        self._keep_events = keep_events
        self._trail_days = trail_days
        self._trail: dict[bytes, TrailEntry] = {}
        self._positions: dict[str, int] = {}
        self._logged: dict[str, int] = {}
        self._opened: dict[bytes, bytes] = {}
        self._log_opened: dict[bytes, bytes] = {}
        self._meta: dict[str, bytes] = {}
        self._footprints: dict[int, tuple[int, bytes]] = {}
        self._flagged: set[str] = set()
        self._recent: dict[Entity, deque[tuple[int, bytes]]] = {}

    @property
    def partition(self) -> int:
        """The only one."""
        return 0

    def gathered(self, after: Mapping[int, int]) -> Gathered:  # noqa: ARG002 - there are no others
        """Nothing."""
        return Gathered()

    def claim(self, owner: str) -> int:  # noqa: ARG002 - one process has it
        """Nobody else can have it."""
        self._epoch += 1
        return self._epoch

    def resume(self) -> Resume:
        """Where the last commit left off."""
        return Resume(
            positions=dict(self._positions),
            logged=dict(self._logged),
            opened=dict(self._opened),
            log_opened=dict(self._log_opened),
            meta=dict(self._meta),
            windows={entity: state.window for entity, state in self.states.items() if state.window >= 0},
            footprints=dict(self._footprints),
        )

    def entities(self, wanted: Sequence[Entity]) -> Mapping[Entity, EntityState]:
        """Those that are known."""
        return {entity: self.states[entity] for entity in wanted if entity in self.states}

    def trail(self, digests: Sequence[bytes]) -> Mapping[bytes, TrailEntry]:
        """Those that are known."""
        return {digest: self._trail[digest] for digest in digests if digest in self._trail}

    def commit(self, commit: Commit) -> None:
        """Store all of it.

        Raises
        ------
        ValueError
            A position lies before the stored one; nothing was stored.

        """
        for stored, given in ((self._positions, commit.positions), (self._logged, commit.logged)):
            for source, number in given.items():
                if number < stored.get(source, 0):
                    raise ValueError(f"commit at {number} of source '{source}', which is at {stored[source]}")
        self._positions.update(commit.positions)
        self._logged.update(commit.logged)
        for event in commit.events:
            self._log(event)
        self.states.update(commit.entities)
        self._trail.update(commit.trail)
        _open_and_close(self._opened, commit.opened, commit.closed)
        _open_and_close(self._log_opened, commit.log_opened, commit.log_closed)
        for evaluation in commit.evaluations:
            self._on_evaluation(evaluation)
        for flag in commit.flags:
            if flag.id not in self._flagged:
                self._flagged.add(flag.id)
                self._on_flag(flag)
        self.gaps += [gap for gap in commit.gaps if gap not in self.gaps]
        self._meta.update(commit.meta)
        self._footprints |= commit.footprints
        if commit.folded:
            self._footprints = {n: held for n, held in self._footprints.items() if n > commit.folded.get(0, 0)}

    def recent_events(self, entity: Entity, limit: int) -> Sequence[str]:
        """Ids of the entity's latest events, newest first; at most ``RECENT`` are remembered."""
        return [text_id(event) for _, event in nlargest(limit, set(self._recent.get(entity, ())))]

    def purge(self, now: int) -> Mapping[str, int]:
        """Forget the trail's entries that are past their time; how many, where any were."""
        past = [digest for digest, entry in self._trail.items() if entry.seen < now - self._trail_days * DAY]
        for digest in past:
            del self._trail[digest]
        return {"trail": len(past)} if past else {}

    def _log(self, event: QueryEvent) -> None:
        if self._keep_events:
            self.events.setdefault(event.id, event)
        for entity in _entities(event):
            self._recent.setdefault(entity, deque(maxlen=RECENT)).append((event.done, event.id))


def _entities(event: QueryEvent) -> list[Entity]:
    """The entities that the log can be asked for."""
    found = [Entity(Scope.ACCOUNT, event.account)]
    if event.org:
        found.append(Entity(Scope.ORG, event.org))
    if event.end_user:
        found.append(Entity(Scope.END_USER, f"{event.account}/{event.end_user}"))
    return found


def _open_and_close(into: dict[bytes, bytes], opened: Mapping[bytes, bytes], closed: Sequence[bytes]) -> None:
    into.update(opened)
    for event in closed:
        into.pop(event, None)
