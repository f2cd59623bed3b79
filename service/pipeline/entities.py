"""Entities: the states of those whom the worker follows, in memory as far as they are warm."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from detectors.core.state import dump, load
from service.pipeline.skipped import skipped
from service.ports import EntityState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from detectors.core.detector import Detector
    from detectors.core.state import State
    from service.model.entity import Entity
    from service.ports import Checkpoint

RECENT = 20
"""Ids of an entity's latest events that are kept for its flags."""

WARM = 4096
"""Entities kept in memory; at 16 KB of states each, some 64 MiB."""


@dataclass(slots=True)
class Followed:
    """One entity with its detectors' states unpacked."""

    states: dict[str, State]
    queries: int = 0
    first_seen: int = 0
    last_seen: int = 0
    window: int = -1
    raised: str = ""
    recent: list[bytes] = field(default_factory=list)


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    states: dict[str, tuple[int, bytes]]
    """Detector -> version and bytes."""
    recent: list[bytes]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack(entity: Followed, detectors: Iterable[Detector]) -> EntityState:
    """The entity as the checkpoint keeps it."""
    states = {d.name: (d.version, dump(entity.states[d.name])) for d in detectors if d.name in entity.states}
    return EntityState(
        entity.queries, entity.first_seen, entity.last_seen, entity.window, entity.raised,
        _ENCODER.encode(_Packed(states, entity.recent)),
    )  # fmt: skip


def unpack(stored: EntityState, detectors: Iterable[Detector]) -> Followed:
    """The entity again. A detector that is new, of another version or unreadable begins anew."""
    packed = _packed(stored.states)
    states = {detector.name: _state(packed, detector) for detector in detectors}
    return Followed(
        states, stored.queries, stored.first_seen, stored.last_seen, stored.window, stored.raised, packed.recent
    )


def _packed(data: bytes) -> _Packed:
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        skipped("state", error)
        return _Packed({}, [])


def _state(packed: _Packed, detector: Detector) -> State:
    version, data = packed.states.get(detector.name, (0, b""))
    empty = detector.empty()
    if version != detector.version:
        return empty
    try:
        return load(data, empty)
    except ValueError as error:
        skipped("state", error, detector=detector.name)
        return empty


class Warm:
    """The entities of all partitions of a process that are in memory: the least recently used leave first."""

    def __init__(self, limit: int = WARM) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[int, Entity], Followed] = OrderedDict()
        self._numbers = itertools.count()

    def number(self) -> int:
        """Under which one cache keeps its entities. What a cache that is gone had ages out."""
        return next(self._numbers)

    def get(self, number: int, entity: Entity) -> Followed | None:
        """The entity, where it is in memory."""
        return self._held.get((number, entity))

    def put(self, number: int, entity: Entity, followed: Followed) -> None:
        """It was used just now."""
        self._held[number, entity] = followed
        self._held.move_to_end((number, entity))

    def trim(self) -> None:
        """Let go what is beyond the limit."""
        while len(self._held) > self._limit:
            self._held.popitem(last=False)


class Entities:
    """A bounded cache of followed entities over the checkpoint, with what changed since the last commit."""

    def __init__(
        self, checkpoint: Checkpoint, detectors: Mapping[str, Sequence[Detector]], warm: Warm | None = None
    ) -> None:
        self._checkpoint = checkpoint
        self._detectors = detectors
        self._warm = warm or Warm()
        self._number = self._warm.number()
        self._dirty: dict[Entity, Followed] = {}
        self.windows: dict[Entity, int] = dict(checkpoint.resume().windows)
        """Entities with an open window, and its start."""

    def fetch(self, wanted: Iterable[Entity]) -> dict[Entity, Followed]:
        """The entities, read or made; each may be changed in place until :meth:`changed` is asked."""
        held = {e: self._warm.get(self._number, e) or self._dirty.get(e) for e in wanted}
        cold = [e for e, known in held.items() if known is None]
        stored = self._checkpoint.entities(cold) if cold else {}
        found = {}
        for entity, known in held.items():
            found[entity] = known or self._made(entity, stored.get(entity))
            self._warm.put(self._number, entity, found[entity])
        return found

    def touch(self, entity: Entity, followed: Followed) -> None:
        """The entity changed and belongs into the next commit."""
        self._dirty[entity] = followed
        if followed.window < 0:
            self.windows.pop(entity, None)
        else:
            self.windows[entity] = followed.window

    def anew(self, entity: Entity, followed: Followed) -> None:
        """What was known of the entity no longer counts: it is as one never seen."""
        fresh = self._made(entity, None)
        for name in Followed.__slots__:
            setattr(followed, name, getattr(fresh, name))

    def changed(self) -> dict[Entity, EntityState]:
        """What changed since the last call, packed. Cold entities leave the memory."""
        packed = {e: pack(f, self._detectors[e.scope]) for e, f in self._dirty.items()}
        self._dirty = {}
        self._warm.trim()
        return packed

    def _made(self, entity: Entity, stored: EntityState | None) -> Followed:
        detectors = self._detectors[entity.scope]
        return unpack(stored, detectors) if stored else Followed({d.name: d.empty() for d in detectors})
