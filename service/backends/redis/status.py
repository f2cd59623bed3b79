"""What the stream and its servers look like from outside: for the control plane's listing and for the doctor."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.backends.redis import keys
from service.backends.redis.client import reachable
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.backends.redis.client import Link

LEAST = {"redis": (7, 0), "valkey": (8, 0)}
"""Oldest version that this is tested with, by server."""
SKEW = 2.0
"""Seconds that two clocks may differ."""
SAMPLES = 8
"""Entries looked at to tell the size of a stream."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in one partition's stream."""

    owner: str
    """Who holds its lease, empty where nobody does."""
    entries: int
    oldest: float
    """Seconds since its first entry was appended, by this host's clock; 0 where there is none."""
    bytes: int
    """About."""


def backlogs(link: Link, partitions: Sequence[int]) -> list[Backlog]:
    """What waits in each partition. Raises StreamUnavailable where any of them cannot be asked."""
    questions: list[tuple[Any, ...]] = []
    for number in partitions:
        stream = keys.stream(number)
        questions += [
            ("GET", keys.lease(number)),
            ("XLEN", stream),
            ("XRANGE", stream, "-", "+", "COUNT", 1),
            ("MEMORY USAGE", stream, "SAMPLES", SAMPLES),
        ]
    answers = link.run(questions)
    for answer in answers:
        if isinstance(answer, StreamUnavailable):
            raise answer
    return [_backlog(*answers[i : i + 4]) for i in range(0, len(answers), 4)]


def faults(link: Link) -> Iterator[tuple[str, str]]:
    """What is wrong with each server: what was found, and what to do. Raises StreamUnavailable."""
    for server in link.servers():
        with reachable(link.address):
            began = time.time()
            info: dict[str, Any] = server.info()
            seconds, microseconds = server.time()
            ended = time.time()
            yield from _version(info)
            yield from _keeping(info)
            ahead = seconds + microseconds / 1e6 - (began + ended) / 2
            if abs(ahead) > SKEW + (ended - began):
                yield (
                    f"its clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this host's",
                    "keep both with NTP: leases and lags are reckoned by it",
                )


def _backlog(owner: bytes | None, entries: int, first: list[Any], size: int | None) -> Backlog:
    oldest = max(0.0, time.time() - int(first[0][0].split(b"-")[0]) / 1000) if first else 0.0
    return Backlog((owner or b"").decode("utf-8", "replace"), entries, oldest, size or 0 if entries else 0)


def _version(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    name = "valkey" if "valkey_version" in info else "redis"
    version = str(info.get(f"{name}_version", ""))
    found = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if found < LEAST[name]:
        least = ".".join(map(str, LEAST[name]))
        yield f"it is {name} {version or 'of no known version'}", f"use {name} {least} or later"


def _keeping(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Whether it keeps what it took."""
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        yield (
            f"it evicts: maxmemory-policy is {policy}",
            "set maxmemory-policy noeviction; nothing is lost meanwhile, what it evicts is shipped again",
        )
    if not info.get("maxmemory"):
        yield (
            "it has no maxmemory, so a backlog may take all of its host's memory",
            "set maxmemory to what it may have; shippers wait at 70 % of it",
        )
    if not info.get("aof_enabled"):
        yield (
            "it has no append-only file: after a restart everything in it is shipped again",
            "set appendonly yes and appendfsync everysec",
        )
    if info.get("role") == "slave":
        yield "it is a replica", "name its primary in the stream's URL"
