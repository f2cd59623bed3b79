"""One request and its answer on a client connection: ASGI's ``receive`` and ``send``, byte-exact.

uvicorn's own cycle lower-cases header names, writes head and first body part apart, and ends a broken answer
as if it were whole. This one keeps names and reason as given, writes the head together with the first body
message (an empty one sends it alone), and breaks off what was not finished.
"""

from __future__ import annotations

import asyncio
import http
import socket
import struct
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from service.gateway.trouble import told

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from uvicorn.protocols.http.flow_control import FlowControl

    from service.gateway.refusal import Refusal

log = structlog.get_logger()

REASONS = {status.value: status.phrase.encode() for status in http.HTTPStatus}
BODILESS = frozenset({204, 304})
HIGH_WATER = 65536
"""Bytes of a request body held for the application before reading from the client pauses."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: closing sends RST."""


class Side(Protocol):
    """What a cycle needs of the client's connection."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: FlowControl

    def resume_body(self) -> None:
        """Read on where the body's reading was paused."""
        ...

    def cycle_done(self, cycle: Cycle) -> None:
        """The answer is over."""
        ...


class Cycle:
    """A request, its body as it comes in, and its answer as it goes out."""

    __slots__ = (
        "_body",
        "_chunked",
        "_delivered",
        "_expects",
        "_failure",
        "_head",
        "_held",
        "_method",
        "_modern",
        "_protocol",
        "_scope",
        "_waiter",
        "body_complete",
        "disconnected",
        "fields",
        "keep_alive",
        "response_complete",
        "started",
        "target",
        "task",
    )

    def __init__(
        self,
        protocol: Side,
        scope: MutableMapping[str, Any],
        *,
        target: bytes,
        fields: list[tuple[bytes, bytes, bytes]],
        keep_alive: bool,
        expects: bool,
    ) -> None:
        self._protocol = protocol
        self._scope = scope
        self._method = scope["method"]
        self._modern = scope["http_version"] == "1.1"
        self.target = target
        """Path and query as the client wrote them, an empty query's question mark too."""
        self.fields = fields
        """Header fields: lower-cased name, name as the client wrote it, value."""
        self.keep_alive = keep_alive
        self.body_complete = False
        self.response_complete = False
        self.started = False
        """Whether any byte of the answer was written."""
        self.disconnected = False
        self.task: asyncio.Task[None] | None = None
        self._expects = expects
        self._body: list[bytes] = []
        self._held = 0
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Refusal | None = None
        self._head: bytes | None = None
        self._chunked = False
        self._delivered = False

    # The parser's side

    def feed(self, data: bytes) -> None:
        """More of the request body came."""
        if self.response_complete:
            return
        self._body.append(data)
        self._held += len(data)
        if self._held > HIGH_WATER:
            self._protocol.flow.pause_reading()
        self._wake()

    def complete(self) -> None:
        """The request body is whole."""
        self.body_complete = True
        self._wake()

    def fail(self, failure: Refusal) -> None:
        """The request body will not become whole: broken framing, or too slow."""
        self._failure = failure
        self.keep_alive = False
        self._wake()

    def lost(self) -> None:
        """The client left. Whatever the application is doing for it stops now."""
        self.disconnected = True
        if self.task is not None and not self.response_complete:
            self.task.cancel()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # The application's side

    async def run_asgi(self, app: Callable[..., Any]) -> None:
        """Run the application, then make sure that the connection says how it ended."""
        self.task = asyncio.current_task()
        # The scope refers to this cycle; letting go of it here leaves nothing for the garbage collector.
        scope, self._scope = self._scope, {}
        try:
            if not self.disconnected:
                await app(scope, self.receive, self.send)
        except asyncio.CancelledError:
            self.abort()
            if not self.disconnected:
                raise
        except Exception as error:  # noqa: BLE001 - an answer is owed whatever broke
            log.error("gateway.failed", **told(error))  # noqa: TRY400 - a traceback shows keys
            await self._last_resort()
        finally:
            if not self.response_complete:
                self.abort()
            self.task = None

    async def _last_resort(self) -> None:
        if self.started:
            return
        self.keep_alive = False
        self._head = None
        await self.send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
        await self.send({"type": "http.response.body"})

    async def receive(self) -> dict[str, Any]:
        """ASGI: the next part of the request body.

        Raises
        ------
        Refusal
            The body will not become whole.

        """
        if self._expects and not self.body_complete and not self._protocol.transport.is_closing():
            self._protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._expects = False
        while not (self.disconnected or self.response_complete):
            if not self._delivered:
                if self._body or self.body_complete:
                    return {"type": "http.request", "body": self._take(), "more_body": not self.body_complete}
                if self._failure is not None:
                    raise self._failure
            self._protocol.resume_body()
            self._waiter = self._protocol.loop.create_future()
            await self._waiter
            self._waiter = None
        return {"type": "http.disconnect"}

    def _take(self) -> bytes:
        data = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self._held = 0
        self._delivered = self.body_complete
        # Also when the body is whole: on a paused connection nobody would notice that the client left.
        self._protocol.resume_body()
        return data

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """ASGI: the head (``reason`` and whether it is ``framed`` may be given), then parts of the body."""
        flow = self._protocol.flow
        if flow.write_paused and not self.disconnected:
            await flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self._head = self._render(message)
        else:
            self._write(message.get("body", b""), more=message.get("more_body", False))

    def abort(self) -> None:
        """Break the connection off, so that no client takes what was sent for the whole answer."""
        self.response_complete = True
        transport = self._protocol.transport
        if self.started and not self._chunked and not transport.is_closing():
            # The client may be counting on the end of the connection as the end of the answer.
            raw = transport.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            transport.abort()
        else:
            transport.close()

    def _render(self, message: MutableMapping[str, Any]) -> bytes:
        status = message["status"]
        reason = message.get("reason")
        lines = [b"HTTP/1.1 %d %b\r\n" % (status, REASONS.get(status, b"") if reason is None else reason)]
        for name, value in message["headers"]:
            lines += (name, b": ", value, b"\r\n")
        framed = message.get("framed")
        if framed is None:
            framed = any(name.lower() == b"content-length" for name, _ in message["headers"])
        framed = framed or status in BODILESS or self._method == "HEAD"
        self._chunked = self._modern and not framed
        # A body that is still coming cannot be told from the next request once its answer is through.
        self.keep_alive = self.keep_alive and self.body_complete
        if self._chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _write(self, body: bytes, *, more: bool) -> None:
        if self.response_complete:
            return
        parts = []
        if self._head is not None:
            parts.append(self._head)
            self._head = None
            self.started = True
        if self._method != "HEAD":
            if self._chunked:
                if body:
                    parts += (b"%x\r\n" % len(body), body, b"\r\n")
                if not more:
                    parts.append(b"0\r\n\r\n")
            elif body:
                parts.append(body)
        if parts:
            self._protocol.transport.write(parts[0] if len(parts) == 1 else b"".join(parts))
        if not more:
            self.response_complete = True
            self._wake()
            self._protocol.cycle_done(self)
