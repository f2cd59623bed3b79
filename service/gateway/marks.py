"""Marks: once a second, the gateway's word on how far its time has come, for whoever merges several gateways."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.model.query import Mark

if TYPE_CHECKING:
    from service.gateway.clock import Clock
    from service.gateway.record import Recorder

PERIOD = 1.0
"""Seconds."""


async def marks(recorder: Recorder, clock: Clock) -> None:
    """Write them until cancelled.

    By the way that every end takes, with a time of the same clock taken right before: so an end behind a mark
    is always later than it.
    """
    while True:
        recorder.queue(Mark(clock.now()))
        await asyncio.sleep(PERIOD)
