"""What waits in each partition's stream, and who tends it, for those who watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.redis import keys, scripts
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.backends.redis.client import Link

EMPTIES = 64
"""Entries without records that are passed over in search of the oldest one with some."""
SAMPLES = 5
"""Entries that the size of all is reckoned from."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What no checkpoint covers yet of a partition."""

    owner: str
    """Worker that holds the lease, empty where nobody does."""
    entries: int
    oldest: float
    """Seconds from when the oldest entry with records was shipped until now, by the server's clock; 0 without one."""
    bytes: int
    """Memory that the stream takes, about."""


def backlogs(link: Link, partitions: Sequence[int]) -> list[Backlog]:
    """The partitions' backlogs, in their order.

    Raises
    ------
    StreamUnavailable
        One of them cannot be asked.

    """
    answers = link.run(
        [
            command
            for partition in partitions
            for command in (
                ("GET", keys.lease(partition)),
                ("XLEN", keys.stream(partition)),
                ("MEMORY USAGE", keys.stream(partition), "SAMPLES", SAMPLES),
                scripts.call(scripts.BACKLOG, [keys.stream(partition)], EMPTIES),
            )
        ]
    )
    for answer in answers:
        if isinstance(answer, StreamUnavailable):
            raise answer
    return [_backlog(*answers[i : i + 4]) for i in range(0, len(answers), 4)]


def _backlog(owner: bytes | None, entries: int, size: int | None, oldest: tuple[bytes, bytes]) -> Backlog:
    identifier, now = oldest
    shipped = int(identifier.split(b"-")[0]) / 1000 if identifier else 0.0
    age = max(int(now) - shipped, 0.0) if identifier else 0.0
    return Backlog((owner or b"").decode(errors="replace"), int(entries), age, int(size or 0) if entries else 0)
