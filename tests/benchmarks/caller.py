"""A client connection that times its answers, small enough not to be what is measured."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
END = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Timing:
    """One answer. Times are nanoseconds of the monotonic clock; ``first`` is that of the first body byte."""

    sent: int
    first: int
    last: int
    ok: bool


class Caller(asyncio.Protocol):
    """One connection, kept alive: ``send`` a request, be told when its answer is whole."""

    def __init__(self, answered: Callable[[Caller, Timing], None]) -> None:
        self._answered = answered
        self.busy = False
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class

    def send(self, request: bytes) -> None:
        """Write one request; the one before must have been answered."""
        self.busy = True
        self._head = b""
        self._left: int | None = None
        self._tail = b""
        self._first = 0
        self._sent = time.monotonic_ns()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Time the first byte of the body and the last."""
        now = time.monotonic_ns()
        if not self._first:
            self._head += data
            head, blank, data = self._head.partition(b"\r\n\r\n")
            if not blank or not (data or b"content-length: 0" in head.lower()):
                return
            self._first, self._head = now, head
            length = LENGTH.search(head)
            self._left = int(length[1]) if length else None
        if self._left is not None:
            self._left -= len(data)
        self._tail = (self._tail + data)[-len(END) :]
        if self._left == 0 or (self._left is None and self._tail == END):
            self.busy = False
            self._answered(self, Timing(self._sent, self._first, now, self._head.startswith(b"HTTP/1.1 200 ")))

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so to whoever waits for ``lost``; an answer that was owed counts as failed."""
        if self.busy:
            self.busy = False
            now = time.monotonic_ns()
            self._answered(self, Timing(self._sent, self._first or now, now, ok=False))
        if not self.lost.done():
            self.lost.set_result(exc)


async def connect(port: int, answered: Callable[[Caller, Timing], None]) -> Caller:
    """A connection to loopback."""
    _, caller = await asyncio.get_running_loop().create_connection(lambda: Caller(answered), "127.0.0.1", port)
    return caller


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
