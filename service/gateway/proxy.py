"""The proxied paths: an ASGI application that makes an ``Exchange`` of every request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from service.gateway.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from service.gateway.exchange import Receive, Send
    from service.gateway.parts import Parts


class Proxy:
    """ASGI application for everything that goes to an upstream.

    It runs under ``GatewayProtocol`` only: ASGI itself lower-cases header names, and has no cheap way to say
    that the client left.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._idle: asyncio.Future[None] | None = None

    @property
    def open(self) -> int:
        """Exchanges under way."""
        return self._parts.tally.open

    def idle(self) -> asyncio.Future[None]:
        """Done when no exchange is under way."""
        self._idle = asyncio.get_running_loop().create_future()
        if not self.open:
            self._idle.set_result(None)
        return self._idle

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self._parts.tally.open += 1
        try:
            await Exchange(self._parts, scope, receive, send).run()
        finally:
            self._parts.tally.open -= 1
            if not self.open and self._idle is not None and not self._idle.done():
                self._idle.set_result(None)
