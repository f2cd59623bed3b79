"""The proxied paths: an ASGI application that makes an ``Exchange`` of every request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from service import metrics
from service.gateway.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from service import ports
    from service.gateway.address import Addresses
    from service.gateway.clock import Clock
    from service.gateway.exchange import Receive, Send
    from service.gateway.guard import Guard
    from service.gateway.identity import Identities
    from service.gateway.record import Recorder
    from service.gateway.targets import Targets
    from service.gateway.upstream import Pool
    from service.settings import Limits


class Dialects(Protocol):
    """What the proxy needs of the dialects."""

    def for_path(self, method: str, path: str) -> ports.Dialect | None:
        """The dialect whose path this is; None for an opaque one."""
        ...

    def read(self, method: str, path: str, body: bytes, *, full: bool) -> tuple[Any, object]:
        """Query and document of a request, as ``ports.Dialects`` has it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an exchange works with."""

    limits: Limits
    targets: Targets
    addresses: Addresses
    identities: Identities
    refuse_unknown: bool
    guard: Guard
    recorder: Recorder
    pool: Pool
    clock: Clock
    dialects: Dialects | None
    marker: bytes
    """The installation's id, by which it knows its own requests."""


class Proxy:
    """ASGI application for everything that goes to an upstream.

    It runs under ``GatewayProtocol`` only: ASGI itself lower-cases header names, and has no cheap way to say
    that the client left.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.open = 0
        """Exchanges under way."""
        self._idle: asyncio.Future[None] | None = None

    def idle(self) -> asyncio.Future[None]:
        """Done when no exchange is under way."""
        self._idle = asyncio.get_running_loop().create_future()
        if not self.open:
            self._idle.set_result(None)
        return self._idle

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.open += 1
        metrics.OPEN.inc()
        try:
            await Exchange(self._parts, scope, receive, send).run()
        finally:
            self.open -= 1
            metrics.OPEN.dec()
            if not self.open and self._idle is not None and not self._idle.done():
                self._idle.set_result(None)
