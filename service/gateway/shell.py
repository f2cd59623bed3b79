"""The data port's ASGI application: the proxy, and in front of nothing else the reserved paths ``/-/``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI, Response

from service.gateway.waiting import within

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, MutableMapping

    from service.gateway.exchange import Receive, Send
    from service.gateway.proxy import Proxy
    from service.ports import EventSink

log = structlog.get_logger()

RESERVED = b"/-/"
LAST_RECORDS = 1.0
"""Seconds that the end of cut-off exchanges is waited for before the log closes."""


class Shell:
    """Takes the proxied paths before FastAPI sees them, and owns start and stop.

    Parameters
    ----------
    proxy
        Gets every path outside ``/-/``.
    sink
        Closed when the last exchange is over.
    background
        Run from start to stop.
    closing
        Called at the end.

    """

    def __init__(
        self,
        proxy: Proxy,
        sink: EventSink,
        *,
        background: Iterable[Callable[[], Coroutine[Any, Any, None]]],
        closing: Callable[[], None],
    ) -> None:
        self._proxy = proxy
        self._sink = sink
        self._background = background
        self._closing = closing
        self._stopping = False
        self._app = _reserved(self)

    @property
    def stopping(self) -> bool:
        """Whether the gateway is being shut down."""
        return self._stopping

    def stop(self) -> None:
        """Say on ``/-/readyz`` that no new requests are wanted."""
        self._stopping = True

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["raw_path"].startswith(RESERVED):
                # Only here does anyone read ASGI's own list of fields.
                scope["headers"] = [(lower, value) for lower, _, value in scope["extensions"]["revenuer"].fields]
                await self._app(scope, receive, send)
            else:
                await self._proxy(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        background = [asyncio.ensure_future(run()) for run in self._background]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in background:
            task.cancel()
        await self._last_records()
        self._closing()
        await self._sink.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _last_records(self) -> None:
        if not await within(self._proxy.idle(), LAST_RECORDS):
            log.warning("gateway.exchanges_lost", count=self._proxy.open)


def _reserved(shell: Shell) -> FastAPI:
    app = FastAPI(title="revenuer data port", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/-/healthz")
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/-/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        """New requests are welcome."""
        if shell.stopping:
            response.status_code = 503
            return {"status": "stopping"}
        return {"status": "ok"}

    return app
