"""The listener of the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    import socket

    from starlette.types import ASGIApp

    from service.settings import Settings

HEADER_BYTES = 32 * 1024
CONNECTIONS = 256
"""Requests served at once; more get 503."""
KEEP_ALIVE = 5
"""Seconds an idle connection is kept."""
GRACE = 5
"""Seconds that open requests have at the end."""


class Protocol(H11Protocol):
    """uvicorn's own, with a deadline for a request's head: it has none, so silence would hold a connection for ever."""

    head_timeout: ClassVar[float] = 10.0
    """Seconds from the first byte, or from the connection, to the end of the head."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._done_waiting()

    def _wait_for_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._done_waiting()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.head_timeout, self.transport.close)

    def _done_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    """Settings of uvicorn. No access log: addresses may hold what no log should; the shell logs what is needed."""
    host, _, port = settings.control.rpartition(":")
    return uvicorn.Config(
        app,
        host=host.strip("[]"),
        port=int(port),
        # Its parser caps a header's size by itself; nothing here is hot enough to need the faster one.
        http=Protocol,
        h11_max_incomplete_event_size=HEADER_BYTES,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


async def serve(settings: Settings, app: ASGIApp, sockets: list[socket.socket] | None = None) -> None:
    """Listen on ``settings.control``, or on these sockets, until the process is told to stop (SIGINT, SIGTERM)."""
    await uvicorn.Server(config(settings, app)).serve(sockets)
