"""The listener of the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from service.settings import Settings

HEADER_BYTES = 32 * 1024
CONNECTIONS = 256
"""Requests served at once; more get 503."""
KEEP_ALIVE = 5
"""Seconds an idle connection is kept."""
GRACE = 5
"""Seconds that open requests have at the end."""


def config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    """Settings of uvicorn. No access log: addresses may hold what no log should; the shell logs what is needed."""
    host, _, port = settings.control.rpartition(":")
    return uvicorn.Config(
        app,
        host=host.strip("[]"),
        port=int(port),
        # Its parser caps a header's size by itself; nothing here is hot enough to need the faster one.
        http="h11",
        h11_max_incomplete_event_size=HEADER_BYTES,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


async def serve(settings: Settings, app: ASGIApp) -> None:
    """Listen on ``settings.control`` until the process is told to stop (SIGINT, SIGTERM)."""
    await uvicorn.Server(config(settings, app)).serve()
