"""A request waits for its start record as far as the settings say, whatever the log does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from service import metrics
from service.gateway.record import Recorder
from service.gateway.refusal import Refusal
from service.gateway.tally import Tally
from service.model.query import Start
from service.settings import Logging

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from service.model.query import Record

A_START = Start(b"i" * 16, 1, "a", "", "", "GET", "/", {}, b"", 0, True, b"")


class Answering:
    """A sink that answers at once; ``closed`` counts nothing."""

    def __init__(self, answer: BaseException | bool | None) -> None:  # noqa: FBT001 - what append gives
        self._answer = answer

    def append(self, record: Record) -> Awaitable[bool]:
        assert record is A_START
        future = asyncio.get_running_loop().create_future()
        if isinstance(self._answer, bool):
            future.set_result(self._answer)
        elif self._answer is not None:
            future.set_exception(self._answer)
        return future

    async def close(self) -> None:
        """Nothing to close."""


class Raising(Answering):
    """A sink that breaks its promise never to raise."""

    def append(self, record: Record) -> Awaitable[bool]:
        raise RuntimeError(record)


class Lazy(Answering):
    """A sink whose append is a coroutine, which does nothing until it runs."""

    def append(self, record: Record) -> Awaitable[bool]:
        return self._append(record)

    async def _append(self, record: Record) -> bool:
        return record is A_START


def a_recorder(sink: Any, tally: Tally, **settings: Any) -> Recorder:
    """A recorder with these log settings."""
    return Recorder(sink, Logging.model_validate(settings), tally)


@pytest.mark.parametrize("mode", ["open", "closed"])
@pytest.mark.parametrize("sink", [Answering(answer=True), Lazy(answer=None)], ids=["future", "coroutine"])
async def test_acknowledged(sink: Answering, mode: str) -> None:
    """What is synced in time is waited for and not counted."""
    tally = Tally()
    await a_recorder(sink, tally, failure_mode=mode, wait=5).start(A_START)
    assert tally.early == 0


@pytest.mark.parametrize("wait", [0, 0.001])
async def test_late(wait: float) -> None:
    """What is not synced in time is forwarded early, and counted."""
    tally = Tally()
    await a_recorder(Answering(None), tally, wait=wait).start(A_START)
    assert tally.early == 1


@pytest.mark.parametrize(
    "sink", [Answering(answer=False), Answering(OSError()), Raising(None)], ids=["no", "error", "raises"]
)
async def test_impossible(sink: Answering) -> None:
    """What cannot be logged passes in open mode, and is a 503 with Retry-After in closed mode."""
    await a_recorder(sink, Tally(), failure_mode="open").start(A_START)
    with pytest.raises(Refusal) as caught:
        await a_recorder(sink, Tally(), failure_mode="closed").start(A_START)
    assert (caught.value.status, caught.value.code) == (503, "log_unavailable")
    assert caught.value.retry_after > 0


@pytest.mark.parametrize("sink", [Answering(OSError()), Raising(None)], ids=["error", "raises"])
async def test_broken_sink_is_counted(sink: Answering) -> None:
    """A sink that breaks its promise is a failure that the metrics know."""
    counter = metrics.FAIL_OPEN.labels("log")
    before = counter._value.get()
    a_recorder(sink, Tally()).queue(A_START)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert counter._value.get() == before + 1
