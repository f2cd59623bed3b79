"""What the owner of a partition asks of Redis and tells it, one slot, one round trip each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.backends.redis import keys, scripts
from service.backends.redis.entries import digits
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.backends.redis.client import Command, Link

ASIDE = 20
"""Entries that could not be read, kept at most."""

Page = list[tuple[bytes, dict[bytes, Any]]]
"""Ids and fields of a stretch of the stream."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One look at a partition, field by field: what ``shipped`` lists was there before ``page`` was read."""

    shipped: Mapping[str, int]
    asked: Sequence[str]
    length: int
    """Entries in the stream."""
    page: Page


class Partition:
    """One partition's keys."""

    def __init__(self, link: Link, number: int) -> None:
        self.number = number
        self._link = link

    def listen(self, cursor: bytes, count: int) -> Heard:
        """What was shipped, and at most ``count`` entries behind the cursor; ``-`` is the beginning."""
        start = cursor if cursor == b"-" else b"(" + cursor
        shipped, asked, length, page = self._all(
            ("HGETALL", keys.shipped(self.number)),
            ("HKEYS", keys.asked(self.number)),
            ("XLEN", keys.stream(self.number)),
            ("XRANGE", keys.stream(self.number), start, "+", "COUNT", count),
        )
        return Heard(_numbers(shipped), [source.decode() for source in asked], length, page or [])

    def quiet(self) -> Mapping[str, int]:
        """Seconds since each source's last entry, counted from the last entry of any."""
        (found,) = self._all(("HGETALL", keys.when(self.number)))
        when = _numbers(found)
        newest = max(when.values(), default=0)
        return {source: newest - second for source, second in when.items()}

    def settle(self, positions: Mapping[str, int]) -> None:
        """Say where SQL stands, as a new owner or because a shipper asks."""
        if positions:
            names = [keys.shipped(self.number), keys.covered(self.number), keys.asked(self.number)]
            self._all(scripts.call(scripts.SETTLE, names, *_flat(positions)))

    def cover(self, positions: Mapping[str, int], oldest: str | None) -> None:
        """Say what a checkpoint covers, and trim the stream to the entries from the id ``oldest`` on."""
        commands: list[Command] = []
        if positions:
            commands.append(scripts.call(scripts.COVER, [keys.covered(self.number)], *_flat(positions)))
        if oldest is not None:
            commands.append(("XTRIM", keys.stream(self.number), "MINID", "=", oldest))
        self._all(*commands)

    def rewind(self, source: str, number: int, behind: Sequence[bytes]) -> None:
        """Ask for a source again beyond a number; the entries with the ids ``behind`` go."""
        of = (keys.shipped, keys.stream, keys.asked, keys.covered)
        names = [name(self.number) for name in of]
        self._all(scripts.call(scripts.REWIND, names, source, digits(number), *behind))

    def set_aside(self, identifier: bytes, fields: Mapping[bytes, Any]) -> None:
        """Keep an entry that cannot be read for whoever looks into it, and take it out of the stream."""
        flat = [part for pair in fields.items() for part in pair]
        self._all(
            ("XADD", keys.aside(self.number), "MAXLEN", "~", ASIDE, "*", "id", identifier, *flat),
            ("XDEL", keys.stream(self.number), identifier),
        )

    def _all(self, *commands: Command) -> list[Any]:
        answers = self._link.run(commands)
        for answer in answers:
            if isinstance(answer, StreamUnavailable):
                raise answer
        return answers


def _numbers(found: Mapping[bytes, bytes]) -> dict[str, int]:
    return {source.decode(): int(number) for source, number in found.items()}


def _flat(positions: Mapping[str, int]) -> list[str]:
    return [part for source, number in positions.items() for part in (source, digits(number))]
