"""Waiting for a future ends with it or with its time, and leaves it alone."""

from __future__ import annotations

import asyncio

import pytest

from service.gateway.waiting import within


async def test_done_already() -> None:
    """What is done costs no waiting."""
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    assert await within(future, 0)


async def test_done_in_time() -> None:
    """Waiting ends when the future is done."""
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, None)
    assert await within(future, 60)


@pytest.mark.parametrize("seconds", [0, 0.001])
async def test_not_in_time(seconds: float) -> None:
    """A future that is late is neither cancelled nor watched any longer."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    assert not await within(future, seconds)
    assert not future.done()
    future.set_exception(OSError())
    assert isinstance(future.exception(), OSError)


async def test_cancelled() -> None:
    """Cancelling the wait leaves the future running."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(within(future, 60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not future.done()
