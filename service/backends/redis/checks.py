"""What can be wrong with a Redis that carries the stream, told before it costs anything."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from service.backends.redis import keys
from service.backends.redis.client import reachable
from service.backends.redis.memory import share
from service.backends.redis.shipper import PAUSE
from service.model.finding import Finding
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from service.backends.redis.client import Link

OLDEST = (7, 0)
"""Redis of which every command in use is known. A Valkey tells the Redis that it is compatible with."""
SKEW = 5.0
"""Seconds between the server's clock and ours."""


def findings(link: Link) -> Iterator[Finding]:
    """Everything about the stream's servers, in the order in which one thing rests on another."""
    try:
        servers = link.servers()
    except StreamUnavailable as error:
        what, _, advice = str(error).partition("; ")
        yield Finding("stream", True, what, advice)
        return
    kind = f"a cluster of {len(servers)} primaries" if link.clustered else "a single server"
    yield Finding("stream", False, f"{link.address} answers: {kind}")
    for server in servers:
        where = server.connection_pool.connection_kwargs
        node = f"{where.get('host')}:{where.get('port')}: " if link.clustered else ""
        for finding in _server(link, server):
            yield replace(finding, found=f"{node}{finding.found}")
    yield from _cluster(link, servers)
    yield _partitions(link)


def _server(link: Link, server: redis.Redis) -> Iterator[Finding]:
    try:
        with reachable(link.address):
            before = time.time()
            seconds, microseconds = server.time()
            ours = (before + time.time()) / 2
            info: dict[str, Any] = server.info()
            sync = _setting(server, "appendfsync")
    except StreamUnavailable as error:
        what, _, advice = str(error).partition("; ")
        yield Finding("stream server", True, what, advice)
        return
    yield _version(info)
    yield _eviction(info)
    yield _persistence(info, sync)
    yield _memory(info)
    yield _clock(seconds + microseconds / 1e6 - ours)


def _setting(server: redis.Redis, name: str) -> str:
    """A setting's value, empty where this user or this provider does not tell."""
    try:
        found = server.config_get(name)
    except RedisError:
        return ""
    return next((_text(value) for key, value in found.items() if _text(key) == name), "")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _version(info: dict[str, Any]) -> Finding:
    version = str(info.get("redis_version", "0"))
    parts = version.split(".")
    known = tuple(int(part) for part in parts[:2] if part.isdigit())
    valkey = info.get("valkey_version")
    told = f"Valkey {valkey}, compatible with Redis {version}" if valkey else f"Redis {version}"
    if known < OLDEST:
        return Finding("stream version", True, told, "upgrade it to Redis 7.0 or Valkey 8 at least")
    return Finding("stream version", False, told)


def _eviction(info: dict[str, Any]) -> Finding:
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        return Finding(
            "stream eviction",
            True,
            f"maxmemory-policy is {policy}: a full server would throw entries away unread",
            "set maxmemory-policy noeviction",
        )
    return Finding("stream eviction", False, "nothing is evicted")


def _persistence(info: dict[str, Any], sync: str) -> Finding:
    name = "stream persistence"
    if not info.get("aof_enabled"):
        return Finding(
            name,
            True,
            "the append-only file is off: after a restart gateways ship everything again that no checkpoint covers",
            "set appendonly yes and appendfsync everysec",
        )
    if info.get("aof_last_write_status", "ok") != "ok":
        return Finding(name, True, "the append-only file could not be written", "make room on the server's disk")
    if sync == "always":
        return Finding(
            name,
            None,
            "appendfsync is always: slower, and a full disk ends the server",
            "set appendfsync everysec; what a second loses is shipped again",
        )
    return Finding(name, False, f"the append-only file is on{f', synced {sync}' if sync else ''}")


def _memory(info: dict[str, Any]) -> Finding:
    used, name = share(info), "stream memory"
    if not int(info.get("maxmemory", 0)):
        return Finding(name, None, "maxmemory is not set: a long outage of the workers fills the host", "set maxmemory")
    if used > PAUSE:
        return Finding(
            name,
            True,
            f"{used:.0%} of maxmemory is in use: shippers wait above {PAUSE:.0%}",
            "see whether the workers run, or raise maxmemory",
        )
    return Finding(name, False, f"{used:.0%} of maxmemory is in use")


def _clock(ahead: float) -> Finding:
    if abs(ahead) > SKEW:
        way = "ahead of" if ahead > 0 else "behind"
        return Finding("stream clock", True, f"the server is {abs(ahead):.0f} s {way} this host", "synchronise both")
    return Finding("stream clock", False, f"within {SKEW:.0f} s of this host's")


def _cluster(link: Link, servers: list[redis.Redis]) -> Iterator[Finding]:
    if not link.clustered:
        return
    try:
        with reachable(link.address):
            told: Any = servers[0].execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
    except StreamUnavailable as error:
        what, _, advice = str(error).partition("; ")
        yield Finding("stream cluster", True, what, advice)
        return
    info = told if isinstance(told, dict) else dict(line.split(":", 1) for line in _text(told).split() if ":" in line)
    state, assigned = _text(info.get("cluster_state", "")), int(info.get("cluster_slots_ok", 0))
    if state != "ok":
        yield Finding(
            "stream cluster", True, f"state {state}, {assigned} of 16384 slots served", "bring its nodes back"
        )
        return
    yield Finding("stream cluster", False, "every slot is served")


def _partitions(link: Link) -> Finding:
    try:
        published = link.one("GET", keys.PARTITIONS)
    except StreamUnavailable as error:
        what, _, advice = str(error).partition("; ")
        return Finding("stream partitions", True, what, advice)
    if published is None:
        return Finding("stream partitions", None, "not known yet: shippers wait for the first worker", "start a worker")
    return Finding("stream partitions", False, f"{int(published)} partitions")
