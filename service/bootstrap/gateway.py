"""The gateway's process: no SQL in it, nothing that can keep an answer from its client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.backends.decisions_file import DecisionsFile
from service.backends.spool import SpoolWriter
from service.gateway.dialects import Dialects
from service.gateway.server import build, serve
from service.secrets import Secrets

if TYPE_CHECKING:
    from service.settings import Settings

REFRESH = 0.2
"""Seconds between looks at the decisions, so that one is obeyed within a second."""


async def run(settings: Settings) -> None:
    """Serve the data port until told to stop."""
    keys = Secrets.load(settings.secrets_folder, create=True)
    decisions = DecisionsFile(settings.decisions_file)
    sink = SpoolWriter.open(
        settings.spool,
        keys.spool_key,
        segment_bytes=settings.log.segment_bytes,
        reserve_bytes=settings.log.reserve_bytes,
        queue_bytes=settings.log.queue_bytes,
    )
    app = build(settings, sink=sink, decisions=decisions, dialects=Dialects(), secrets=keys)
    refreshing = asyncio.create_task(_refresh(decisions))
    try:
        await serve(settings, app)
    finally:
        refreshing.cancel()


async def _refresh(decisions: DecisionsFile) -> None:
    while True:
        await asyncio.sleep(REFRESH)
        decisions.refresh()
