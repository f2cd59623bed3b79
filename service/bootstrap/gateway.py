"""The gateway's process: no SQL in it, nothing that can keep an answer from its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.backends.decisions_file import DecisionsFile
from service.backends.spool import SpoolWriter
from service.gateway.dialects import Dialects
from service.gateway.server import build, serve
from service.secrets import Secrets

if TYPE_CHECKING:
    from service.settings import Settings


async def run(settings: Settings) -> None:
    """Serve the data port until told to stop."""
    keys = Secrets.load(settings.secrets_folder, create=True)
    sink = SpoolWriter.open(
        settings.spool,
        keys.spool_key,
        segment_bytes=settings.log.segment_bytes,
        reserve_bytes=settings.log.reserve_bytes,
        queue_bytes=settings.log.queue_bytes,
    )
    decisions = DecisionsFile(settings.decisions_file)
    app = build(settings, sink=sink, decisions=decisions, dialects=Dialects(), secrets=keys)
    await serve(settings, app)
