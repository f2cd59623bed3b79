"""The proxied paths: an ASGI application that makes an ``Exchange`` of every request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from service.gateway.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from service import ports
    from service.gateway.address import Addresses
    from service.gateway.clock import Clock
    from service.gateway.exchange import Receive, Send
    from service.gateway.guard import Guard
    from service.gateway.identity import Identities
    from service.gateway.pool import Pool
    from service.gateway.record import Recorder
    from service.gateway.tally import Tally
    from service.gateway.targets import Targets
    from service.settings import Limits


class Dialects(Protocol):
    """What the proxy needs of the dialects."""

    def for_errors(self, path: str) -> ports.Dialect:
        """The dialect to refuse in."""
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
    tally: Tally
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
