"""Sightings: what the whole stream saw lately, whoever sent it. Models first seen, and requests refused.

Both follow from the stream alone, so a replay sees what the live run saw.
A model counts as new for a day after its first answer, but not those of the
stream's own first day, when every model is seen for the first time. A refused
request that another account sends within the hour was *rotated*: that is how
a pool of keys goes on after a block, and what failover after a server's error
is not.

Weakness: a model renamed by its provider is new; a rotation that rewords the
request is not recognised.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.query import QueryEvent

HOUR, DAY = 3_600_000_000, 86_400_000_000
MODELS, REFUSALS = 512, 2048
"""Kept at most; the oldest go first."""
REFUSED = frozenset({403, 429})


class Sighting(NamedTuple):
    """What is known of one query by what the stream saw before it."""

    rotated: bool
    launch: bool
    new_model: bool


class Sightings:
    """Models with when they were first seen, refused requests with when and whose they were."""

    def __init__(self, key: bytes, stored: bytes = b"") -> None:
        self._key = key[:64]
        began, models, refused = msgspec.msgpack.decode(stored) if stored else (0, {}, {})
        self._began: int = began
        self._models: OrderedDict[bytes, int] = OrderedDict(models)
        self._refused: OrderedDict[bytes, tuple[bytes, int]] = OrderedDict(
            (asked, (account, at)) for asked, (account, at) in refused.items()
        )
        self._newest = max(self._models.values(), default=0)
        self.changed = False

    def see(self, event: QueryEvent, asked: bytes) -> Sighting:
        """What is known of the query; then it is noted.

        Parameters
        ----------
        event
            In order of completion.
        asked
            Digest of the request whoever sends it, empty where there is none.

        """
        at = event.done
        self._began = self._began or at
        first = self._model(event, at)
        held = self._refused.get(asked) if asked else None
        rotated = held is not None and held[0] != self._digest(event.account) and at - held[1] <= HOUR
        if event.status in REFUSED and asked:
            self._note(self._refused, asked, (self._digest(event.account), at), REFUSALS)
        return Sighting(rotated, self._is_new(self._newest, at), self._is_new(first, at))

    def dump(self) -> bytes:
        """All of it as bytes, for the checkpoint."""
        self.changed = False
        return msgspec.msgpack.encode((self._began, dict(self._models), dict(self._refused)))

    def _model(self, event: QueryEvent, at: int) -> int:
        # Callers write the name; only one that was answered is a model.
        if not event.query.model or not 200 <= event.status < 300:
            return 0
        name = self._digest(event.query.model)
        first = self._models.get(name)
        if first is None:
            first = self._newest = at
            self._note(self._models, name, at, MODELS)
        return first

    def _is_new(self, first: int, at: int) -> bool:
        return first - self._began > DAY and at - first <= DAY

    def _note(self, into: OrderedDict[bytes, Any], name: bytes, value: object, most: int) -> None:
        into[name] = value
        into.move_to_end(name)
        while len(into) > most:
            into.popitem(last=False)
        self.changed = True

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()


def merged(dumps: Sequence[bytes]) -> bytes:
    """The sightings of several parts of one stream as those of the whole: first seen first, refused last."""
    parts = [msgspec.msgpack.decode(dump) for dump in dumps]
    models: dict[bytes, int] = {}
    refused: dict[bytes, tuple[bytes, int]] = {}
    for _, seen, held in parts:
        for name, at in seen.items():
            models[name] = min(at, models.get(name, at))
        for asked, (account, at) in held.items():
            refused[asked] = max((account, at), refused.get(asked, (account, at)), key=lambda entry: (entry[1], entry))
    began = min((part[0] for part in parts if part[0]), default=0)
    newest_models = sorted(models.items(), key=lambda item: item[1])[-MODELS:]
    newest_refused = sorted(refused.items(), key=lambda item: item[1][1])[-REFUSALS:]
    return msgspec.msgpack.encode((began, dict(newest_models), dict(newest_refused)))
