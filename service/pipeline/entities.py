"""Entities: the states of those whom the worker follows, in memory as far as they are warm."""

from __future__ import annotations

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


class Entities:
    """A bounded cache of followed entities over the checkpoint, with what changed since the last commit."""

    def __init__(self, checkpoint: Checkpoint, detectors: Mapping[str, Sequence[Detector]], warm: int = WARM) -> None:
        self._checkpoint = checkpoint
        self._detectors = detectors
        self._limit = warm
        self._warm: OrderedDict[Entity, Followed] = OrderedDict()
        self._dirty: dict[Entity, Followed] = {}
        self.windows: dict[Entity, int] = dict(checkpoint.resume().windows)
        """Entities with an open window, and its start."""

    def fetch(self, wanted: Iterable[Entity]) -> dict[Entity, Followed]:
        """The entities, read or made; each may be changed in place until :meth:`changed` is asked."""
        wanted = list(wanted)
        cold = [e for e in wanted if e not in self._warm and e not in self._dirty]
        stored = self._checkpoint.entities(cold) if cold else {}
        found = {}
        for entity in wanted:
            followed = self._warm.get(entity) or self._dirty.get(entity)
            if followed is None:
                followed = self._made(entity, stored.get(entity))
            self._warm[entity] = found[entity] = followed
            self._warm.move_to_end(entity)
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
        while len(self._warm) > self._limit:
            self._warm.popitem(last=False)
        return packed

    def _made(self, entity: Entity, stored: EntityState | None) -> Followed:
        detectors = self._detectors[entity.scope]
        return unpack(stored, detectors) if stored else Followed({d.name: d.empty() for d in detectors})
