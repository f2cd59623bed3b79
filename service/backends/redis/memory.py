"""How full Redis is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.backends.redis.client import reachable
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from service.backends.redis.client import Link


def share(info: dict[str, Any]) -> float:
    """Share of its limit that a server uses, by its ``INFO memory``; 0 where it has no limit."""
    limit = int(info.get("maxmemory", 0))
    return int(info.get("used_memory", 0)) / limit if limit else 0.0


def fullest(link: Link) -> float:
    """The highest share of any server that answers.

    Raises
    ------
    StreamUnavailable
        None answers.

    """
    shares: list[float] = []
    failure: StreamUnavailable | None = None
    for server in link.servers():
        try:
            with reachable(link.address):
                shares.append(share(server.info("memory")))
        except StreamUnavailable as error:
            failure = error
    if not shares and failure is not None:
        raise failure
    return max(shares, default=0.0)
