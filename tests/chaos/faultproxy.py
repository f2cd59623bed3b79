"""A TCP proxy that breaks connections on purpose, between a process of revenuer and a store.

The fault in force can be changed at any time and reaches the connections that are open, also those that wait because of
the fault before it. A real black hole drops packets; here connections are still accepted, because only a
firewall keeps a kernel from that, and nothing that is sent on them arrives until the fault is lifted. To a client with
timeouts of its own both are a peer that does not answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

CHUNK = 16 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done to every connection; without arguments nothing is."""

    latency: float = 0.0
    """Seconds that a chunk is held back, either way."""
    jitter: float = 0.0
    """Seconds more at random."""
    bandwidth: float = 0.0
    """Bytes a second and direction; 0 is no limit."""
    slices: int = 0
    """Bytes of the pieces that chunks are cut into, ``latency`` before each; 0 does not cut."""
    limit: int = 0
    """Bytes of a direction after which the connection is reset; 0 never."""
    silent: bool = False
    """Nothing arrives any more: a black hole."""
    refused: bool = False
    """Open connections are reset and new ones refused: nobody is there."""

    def pieces(self, data: bytes) -> list[bytes]:
        """The data as it travels."""
        size = self.slices or len(data)
        return [data[at : at + size] for at in range(0, len(data), size)]

    def delay(self, size: int) -> float:
        """Seconds before a piece of that size goes on."""
        transfer = size / self.bandwidth if self.bandwidth else 0.0
        return self.latency + random.uniform(0.0, self.jitter) + transfer


NONE = Fault()
BLACK_HOLE = Fault(silent=True)
REFUSED = Fault(refused=True)


@dataclass(slots=True)
class FaultProxy:
    """``with FaultProxy(port) as proxy: ... proxy.inject(BLACK_HOLE)``; a thread of its own carries the bytes."""

    target: int
    """Port of loopback that is proxied."""
    port: int = 0
    """Where it listens, taken at the start."""
    carried: int = 0
    """Bytes that went through."""
    _fault: Fault = NONE
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _links: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _held: socket.socket = field(default_factory=socket.socket)
    """Bound and never listening: while nobody else listens the port refuses, and nobody can take it."""
    _server: asyncio.Server | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._held.bind(("127.0.0.1", self.port))
        self.port = int(self._held.getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever, name="faultproxy", daemon=True)
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._held.close()

    def inject(self, fault: Fault) -> None:
        """From now on this fault, in place of the one before."""
        self._call(self._inject(fault))

    def lift(self) -> None:
        """No fault any more."""
        self.inject(NONE)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _inject(self, fault: Fault) -> None:
        self._fault = fault
        self._changed.set()
        self._changed = asyncio.Event()
        if fault.refused:
            await self._close()
        elif self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port, reuse_port=True)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for link in list(self._links):
            _reset(link)
        # Once more round the loop, so that the sockets are closed when this returns.
        await asyncio.sleep(0)

    async def _end(self) -> None:
        await self._close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._links.add(writer)
        onward: asyncio.StreamWriter | None = None
        try:
            await self._while_silent()
            back, onward = await asyncio.open_connection("127.0.0.1", self.target)
            self._links.add(onward)
            await asyncio.gather(self._carry(reader, onward), self._carry(back, writer))
        except (OSError, asyncio.IncompleteReadError):
            _reset(writer)
            if onward is not None:
                _reset(onward)
        except asyncio.CancelledError:
            pass  # the end of the proxy
        finally:
            self._tasks.discard(task)
            for link in (writer, onward):
                if link is not None:
                    self._links.discard(link)
                    link.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        passed = 0
        while data := await source.read(CHUNK):
            for piece in self._fault.pieces(data):
                await self._hold_back(len(piece))
                limit = self._fault.limit
                allowed = piece[: limit - passed] if limit else piece
                sink.write(allowed)
                await sink.drain()
                passed += len(allowed)
                self.carried += len(allowed)
                if limit and passed >= limit:
                    raise ConnectionResetError
        if sink.can_write_eof():
            sink.write_eof()

    async def _hold_back(self, size: int) -> None:
        """Wait as the fault says; a fault that is lifted holds nothing back any longer."""
        await self._while_silent()
        if delay := self._fault.delay(size):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), delay)
            await self._while_silent()

    async def _while_silent(self) -> None:
        while self._fault.silent:
            await self._changed.wait()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off with RST, what is queued left unsent."""
    held = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
