"""Waiting for a future, but not for long, without the cost of a task or a cancellation scope."""

from __future__ import annotations

import asyncio
from typing import Any


async def within(future: asyncio.Future[Any], seconds: float) -> bool:
    """Whether the future was done within ``seconds``. It is left running either way."""
    if future.done():
        return True
    if seconds <= 0:
        return False
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()

    def wake(_: object = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    timer = loop.call_later(seconds, wake)
    future.add_done_callback(wake)
    try:
        await waiter
    finally:
        timer.cancel()
        future.remove_done_callback(wake)
    return future.done()
