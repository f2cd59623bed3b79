"""Connections to the upstreams, kept while they may be used again."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from service.gateway.connection import Connection
from service.gateway.refusal import UpstreamFailure

if TYPE_CHECKING:
    from service.gateway.targets import Origin

IDLE = 60.0
"""Seconds that an unused connection is kept."""


class Pool:
    """Idle connections of each origin, last used first."""

    def __init__(self, *, connect_timeout: float) -> None:
        self._connect_timeout = connect_timeout
        self._idle: dict[Origin, list[Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def acquire(self, origin: Origin, *, bodiless: bool, fresh: bool = False) -> Connection:
        """A connection for one exchange.

        Raises
        ------
        UpstreamFailure
            None could be made.

        """
        idle = self._idle.get(origin)
        while idle and not fresh:
            connection = idle.pop()
            if connection.stale():
                connection.close()
                continue
            connection.begin(bodiless=bodiless)
            connection.reused = True
            return connection
        connection = await self._connect(origin)
        connection.begin(bodiless=bodiless)
        return connection

    def release(self, connection: Connection) -> None:
        """The exchange is over: keep the connection if it can carry another one."""
        connection.end()
        if connection.closed or not connection.complete or not connection.keep:
            connection.close()
            return
        now = asyncio.get_running_loop().time()
        connection.idle_since = now
        idle = self._idle.setdefault(connection.origin, [])
        idle.append(connection)
        if idle[0].idle_since < now - IDLE:
            idle.pop(0).close()

    def discard(self, connection: Connection) -> None:
        """The connection closed."""
        idle = self._idle.get(connection.origin)
        if idle and connection in idle:
            idle.remove(connection)

    def close(self) -> None:
        """Close all idle connections."""
        for idle in self._idle.values():
            for connection in list(idle):
                connection.close()
        self._idle.clear()

    async def _connect(self, origin: Origin) -> Connection:
        loop = asyncio.get_running_loop()
        if origin.tls and self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        tls = self._tls if origin.tls else None
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, origin, self.discard), origin.host, origin.port, ssl=tls
                )
        except TimeoutError:
            raise UpstreamFailure(504, "upstream_timeout", "The upstream could not be reached in time.") from None
        except ssl.SSLError:
            raise UpstreamFailure(502, "upstream_tls", "The upstream's certificate or TLS is not acceptable.") from None
        except OSError:
            raise UpstreamFailure(502, "upstream_unreachable", "The upstream cannot be reached.") from None
        return connection
