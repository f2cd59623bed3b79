"""uvicorn's httptools protocol, hardened: what is ambiguous, endless or too slow is refused and the connection closed.

uvicorn as it comes has no deadline and no size limit for a request's head, accepts ``Transfer-Encoding: gzip,
chunked``, absolute-form targets and any number of Host fields. The parser stays strict: every leniency is off.
"""

from __future__ import annotations

import enum
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl

from service import metrics
from service.gateway import refusal
from service.gateway.cycle import REASONS, Cycle
from service.gateway.framing import check_head, rebuild_without_upgrade
from service.gateway.refusal import Refusal
from service.model.ids import event_id, text_id

if TYPE_CHECKING:
    import asyncio

    from service.settings import Limits

KEEP_ALIVE = 75.0
"""Seconds that an idle connection is kept: longer than clients' own pools, so that they close first."""
LINGER = 2.0
"""Seconds that a refused client may go on sending before the connection is cut."""
SLOWEST = 500
"""Bytes per second below which a request body is taken for an attack."""
STALL = 120.0
"""Seconds after which a client that does not take its answer is let go."""


class State(enum.Enum):
    """Where the parser is."""

    IDLE = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    DEAD = enum.auto()
    """Refused: what still comes in is thrown away until the client closes."""


def bound(limits: Limits) -> type[GatewayProtocol]:
    """The protocol class with these limits, for ``uvicorn.Config(http=...)``."""
    return type("BoundProtocol", (GatewayProtocol,), {"limits": limits})


class GatewayProtocol(HttpToolsProtocol):
    """A client connection."""

    limits: Limits

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=False)
        self._state = State.IDLE
        self._head_bytes = 0
        self._fields: list[tuple[bytes, bytes, bytes]] = []
        self._field_bytes = 0
        self._body_bytes = 0
        self._body_since = 0.0
        self._last_data = 0.0
        self._deadline: asyncio.TimerHandle | None = None
        self._idle_since = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._upgrading = False
        self._deferred: Refusal | None = None
        self._newest: Cycle | None = None
        self._active: Cycle | None = None
        self._waiting: deque[Cycle] = deque()

    # The transport's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.server = get_local_addr(transport)
        self.client = get_remote_addr(transport)
        self.scheme = "https" if is_ssl(transport) else "http"
        if len(self.connections) > self.limits.connections:
            self._refuse(Refusal(503, "too_many_connections", "The gateway has no connection free.", retry_after=1))
            return
        self._idle_since = self.loop.time()
        self._idle_timer = self.loop.call_later(KEEP_ALIVE, self._idle_check)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio has it
        self.connections.discard(self)
        self._state = State.DEAD
        self._disarm()
        for timer in (self._idle_timer, self._stall):
            if timer is not None:
                timer.cancel()
        if self._active is not None:
            self._active.lost()
        for cycle in self._waiting:
            cycle.lost()
        self._waiting.clear()
        self.flow.resume_writing()
        self.parser = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._state is State.DEAD:
            return
        started = self._state
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError as error:
            # Refusals raised in the parser's callbacks come as the context of its error.
            refused = error.__context__
            malformed = Refusal(400, "invalid_request", "The request is not valid HTTP/1.1.")
            self._broken(refused if isinstance(refused, Refusal) else malformed)
            return
        if self._state is State.HEAD:
            self._watch_head(len(data) if started is State.HEAD else 0)
        elif self._state is State.BODY:
            self._watch_body(len(data))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(STALL, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()

    def shutdown(self) -> None:
        """Close when idle; else after the answers under way."""
        for cycle in (self._active, *self._waiting):
            if cycle is not None:
                cycle.keep_alive = False
        if self._active is None:
            self.transport.close()

    # The parser's side

    def on_message_begin(self) -> None:
        self._state = State.HEAD
        self._head_bytes = 0
        self.url = b""
        self._fields = []
        self._field_bytes = 0

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come this way too; nothing asked for them, and a field must not change after it was judged.
        if self._state is State.HEAD:
            self._fields.append((name.lower(), name, value))
            self._field_bytes += len(name) + len(value) + 4

    def on_headers_complete(self) -> None:
        self._disarm()
        version = self.parser.get_http_version()
        method = self.parser.get_method()
        expects = self._check_head(method, version)
        self._upgrading = self.parser.should_upgrade()
        if self._upgrading:
            return
        self._state = State.BODY
        self._body_bytes = 0
        self._body_since = self.loop.time()
        path, _, query = self.url.partition(b"?")
        scope = self._scope(method.decode("ascii"), version, path, query)
        cycle = Cycle(
            self,
            scope,
            target=self.url,
            fields=self._fields,
            keep_alive=version == "1.1" and self.parser.should_keep_alive(),
            expects=expects,
        )
        scope["extensions"] = {"revenuer": cycle}
        self._newest = cycle
        if self._active is None:
            self._start(cycle)
        else:
            self.flow.pause_reading()
            self._waiting.append(cycle)

    def on_body(self, body: bytes) -> None:
        if self._newest is not None:
            self._newest.feed(body)

    def on_message_complete(self) -> None:
        if self._upgrading:
            return
        self._disarm()
        self._state = State.IDLE
        if self._newest is not None:
            self._newest.complete()

    def _check_head(self, method: bytes, version: str) -> bool:
        if len(self._fields) > self.limits.header_count:
            raise Refusal(431, "too_many_headers", f"More than {self.limits.header_count} header fields.")
        if len(self.url) + self._field_bytes > self.limits.header_bytes:
            raise _too_large(self.limits)
        return check_head(method, self.url, version, self._fields)

    def _scope(self, method: str, version: str, path: bytes, query: bytes) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "method": method,
            "path": path.decode("ascii"),
            "raw_path": path,
            "query_string": query,
            "headers": [],
            "state": self.app_state,
        }

    # The cycle's side

    def resume_body(self) -> None:
        """The application waits for more of the body: only from now on is silence the client's."""
        if self.flow.read_paused:
            self._last_data = self.loop.time()
            self.flow.resume_reading()

    def cycle_done(self, cycle: Cycle) -> None:
        """An answer is through: the next request of the pipeline, or wait for one."""
        self.server_state.total_requests += 1
        self._active = None
        if self.transport.is_closing():
            return
        if not cycle.keep_alive:
            self._waiting.clear()
            self._linger(wait=not cycle.body_complete)
        elif self._waiting:
            self._start(self._waiting.popleft())
            if not self._waiting:
                self.flow.resume_reading()
        elif self._deferred is not None:
            self._refuse(self._deferred)
        else:
            self._idle_since = self.loop.time()
            self.flow.resume_reading()

    def _start(self, cycle: Cycle) -> None:
        self._active = cycle
        self._start_asgi_task(cycle, self.app)  # type: ignore[arg-type]

    # Refusing

    def _broken(self, refused: Refusal) -> None:
        if self._state is State.BODY and self._newest is not None:
            self._state = State.DEAD
            self._disarm()
            self._newest.fail(refused)
        elif self._active is not None:
            # Answers to earlier requests come first; after the last of them this one.
            self._state = State.DEAD
            self._disarm()
            if self._active.keep_alive:
                self._deferred = refused
        else:
            self._refuse(refused)

    def _refuse(self, refused: Refusal) -> None:
        if self.transport.is_closing():
            return
        metrics.REFUSALS.labels(refused.code).inc()
        body = refusal.plain(refused.status, refused.code, refused.message)
        lines = [b"HTTP/1.1 %d %b\r\n" % (refused.status, REASONS[refused.status])]
        request_id = text_id(event_id(time.time_ns() // 1000))
        lines += [b"%b: %b\r\n" % field for field in refusal.head_fields(refused, len(body), request_id)]
        self.transport.write(b"".join([*lines, b"connection: close\r\n\r\n", body]))
        self._linger(wait=True)

    def _linger(self, *, wait: bool) -> None:
        """Close so that the client can still read the answer: closing on unread data would reset it away."""
        self._state = State.DEAD
        self._disarm()
        if wait and self.transport.can_write_eof():
            self.flow.resume_reading()
            self.transport.write_eof()
            self._deadline = self.loop.call_later(LINGER, self.transport.close)
        else:
            self.transport.close()

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Go on as if the client had not asked: nothing here speaks h2c, and its body must still be framed."""
        self._upgrading = False
        names = {value.strip().lower() for lower, _, value in self._fields if lower == b"upgrade"}
        if b"websocket" in names:
            self._broken(Refusal(426, "websocket_unsupported", "This gateway does not carry websockets."))
            return
        head = rebuild_without_upgrade(self.parser, self.url, self._fields)
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(head + rest)

    # Deadlines

    def _watch_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.header_bytes:
            self._broken(_too_large(self.limits))
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.header_timeout, self._head_late)

    def _head_late(self) -> None:
        self._deadline = None
        seconds = self.limits.header_timeout
        self._broken(Refusal(408, "header_timeout", f"The request's head was not complete after {seconds:g} s."))

    def _watch_body(self, size: int) -> None:
        self._last_data = self.loop.time()
        self._body_bytes += size
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.body_timeout, self._body_check)

    def _body_check(self) -> None:
        self._deadline = None
        timeout, now = self.limits.body_timeout, self.loop.time()
        if self.flow.read_paused:
            # The upstream is slow, not the client: nothing of this span counts.
            self._body_since, self._body_bytes, self._last_data = now, 0, now
        spent = now - self._body_since
        crawls = spent >= timeout and self._body_bytes < SLOWEST * spent
        if now - self._last_data >= timeout or crawls:
            self._broken(Refusal(408, "body_timeout", f"The request's body stood still for {timeout:g} s."))
        else:
            self._deadline = self.loop.call_later(timeout - (now - self._last_data), self._body_check)

    def _idle_check(self) -> None:
        left = self._idle_since + KEEP_ALIVE - self.loop.time()
        busy = self._active is not None or self._state is not State.IDLE
        if not busy and left <= 0:
            self.transport.close()
        else:
            self._idle_timer = self.loop.call_later(KEEP_ALIVE if busy else left, self._idle_check)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _too_large(limits: Limits) -> Refusal:
    return Refusal(431, "headers_too_large", f"The request's head is larger than {limits.header_bytes} bytes.")
