"""The gateway's process: no SQL in it, nothing that can keep an answer from its client."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import TYPE_CHECKING

import structlog

from service.backends.decisions_file import DecisionsFile
from service.backends.spool import SpoolWriter
from service.backends.spool.announced import is_announced
from service.gateway.dialects import Dialects
from service.gateway.floor import Floor
from service.gateway.server import build, serve
from service.secrets import Secrets

if TYPE_CHECKING:
    from service.settings import Settings

log = structlog.get_logger()

OTHERS = 512
"""Files beside the connections: the spool's, metrics and what libraries open."""
UNKNOWN, GLANCE = 3.0, 0.02
"""Seconds that a start waits for the stream to know of it, and between looks whether it does."""
REFRESH = 0.2
"""Seconds between looks at the decisions, so that one is obeyed within a second."""


async def run(settings: Settings) -> None:
    """Serve the data port until told to stop."""
    _allow_files(2 * settings.limits.connections + OTHERS)
    keys = Secrets.load(settings.secrets_folder, create=True)
    decisions = DecisionsFile(settings.decisions_file)
    sink = SpoolWriter.open(
        settings.spool,
        keys.spool_key,
        segment_bytes=settings.log.segment_bytes,
        reserve_bytes=settings.log.reserve_bytes,
        queue_bytes=settings.log.queue_bytes,
    )
    app = build(
        settings, sink=sink, decisions=decisions, dialects=Dialects(), secrets=keys, floor=Floor(settings.clock_file)
    )
    if settings.shared_stream:
        await _known(settings, sink.source)
    refreshing = asyncio.create_task(_refresh(decisions))
    try:
        await serve(settings, app)
    finally:
        refreshing.cancel()


async def _known(settings: Settings, boot: str) -> None:
    """Wait until every partition of the stream knows of this boot, so that its first queries are not taken late.

    Not for long: a stream that is down keeps nobody from the model.
    """
    deadline = time.monotonic() + UNKNOWN
    while not is_announced(settings.spool, boot):
        if time.monotonic() > deadline:
            log.warning("gateway.unannounced", after=UNKNOWN, advice="see whether the shipper reaches the stream")
            return
        await asyncio.sleep(GLANCE)


async def _refresh(decisions: DecisionsFile) -> None:
    while True:
        await asyncio.sleep(REFRESH)
        decisions.refresh()


def _allow_files(needed: int) -> None:
    """Let the process have its files: systems start with 1,024, and every request has one to either side."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        log.warning(
            "gateway.few_files", allowed=allowed, needed=needed, advice="raise 'ulimit -n', or lower limits.connections"
        )
