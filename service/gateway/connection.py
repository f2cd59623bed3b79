"""A connection to the upstream: bytes out as given, bytes in as received, one message at a time.

Written on asyncio and llhttp rather than on an HTTP client library, because header fields must keep their
order, case and bytes both ways, no part of an answer may wait for another, and a connection that broke must
say whether the request may be sent again.
"""

from __future__ import annotations

import asyncio
import fcntl
import select
import struct
import sys
import termios
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import httptools

from service.gateway.refusal import Refusal, UpstreamFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.gateway.targets import Origin

HIGH_WATER = 65536
"""Bytes of an answer held for the client before reading from the upstream pauses."""
LARGEST_HEAD = 1 << 20
"""Bytes of an answer's head."""
FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class UpstreamReset(Exception):
    """The upstream broke off in the middle of its answer, or fell silent for too long."""


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """Status line and fields of an answer, as received."""

    status: int
    reason: bytes
    fields: list[tuple[bytes, bytes, bytes]]
    """Lower-cased name, name, value."""


class Connection(asyncio.Protocol):
    """One connection to an upstream; carries one exchange after another."""

    def __init__(self, loop: asyncio.AbstractEventLoop, origin: Origin, lost: Callable[[Connection], None]) -> None:
        self._loop = loop
        self._lost = lost
        self.origin = origin
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.closed = False
        self.idle_since = 0.0
        self.reused = False
        self._poll: select.poll | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._writable: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.begin(bodiless=False)
        self.busy = False

    # The exchange's side

    def begin(self, *, bodiless: bool) -> None:
        """A new exchange; ``bodiless`` where the answer will have none whatever it says (HEAD)."""
        self.busy = True
        self._answered = False
        self._ended_early = False
        self._unsent = False
        self.complete = False
        self.keep = False
        self._bodiless = bodiless
        self._head: AnswerHead | None = None
        self._reason = b""
        self._fields: list[tuple[bytes, bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._held = 0
        self._paused = False
        self._until_close = False
        self._head_bytes = 0
        self._error: Exception | None = None

    def may_repeat(self, *, idempotent: bool) -> bool:
        """Whether the request may be sent again elsewhere after an ``UpstreamFailure``.

        A kept connection can close just as it is used. Its request is safe to repeat where that does no
        harm, or where the upstream's kernel never had all of it, so nobody can have acted on it.
        """
        return self.reused and self._ended_early and (idempotent or self._unsent)

    def write(self, data: bytes) -> None:
        """Send; ``drain`` before sending more."""
        if not self.closed:
            self.transport.write(data)

    async def drain(self) -> None:
        """Wait until the upstream takes more."""
        if self._writable is not None:
            await self._writable.wait()
        if self._error is not None:
            raise self._error

    async def head(self, patience: float) -> AnswerHead:
        """The answer's head, waited for at most ``patience`` seconds.

        Raises
        ------
        UpstreamFailure
            None came.
        Refusal
            ``fail`` was called.

        """
        while self._head is None:
            await self._wait(patience)
        return self._head

    def take(self) -> tuple[bytes, bool]:
        """What has come of the body since the last call, and whether more will."""
        chunks = self._chunks
        if not chunks:
            return b"", not self.complete
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._held = 0
        if self._paused:
            self._paused = False
            if not self.closed:
                self.transport.resume_reading()
        return data, not self.complete

    async def more(self, patience: float) -> None:
        """Wait until there is something to take; ``UpstreamReset`` where nothing will come."""
        while not self._chunks and not self.complete:
            await self._wait(patience)

    def fail(self, error: Exception) -> None:
        """End the exchange from this side: whoever waits gets this."""
        if self._error is None:
            self._error = error
        self._wake()

    def end(self) -> None:
        """The exchange is over."""
        self._forget_timer()
        self.busy = False

    def close(self) -> None:
        """Cut the connection now."""
        self._forget_timer()
        self.closed = True
        if self.transport is not None:
            self.transport.abort()

    def stale(self) -> bool:
        """Whether an idle connection can be read: that is its end, or bytes that nobody asked for."""
        if self.closed or self.transport.is_closing():
            return True
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(self._poll.poll(0))

    # Waiting: one timer for many waits, since most are over long before it

    async def _wait(self, patience: float) -> None:
        if self._error is not None:
            raise self._error
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(patience, self._tick, patience)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _tick(self, patience: float) -> None:
        self._timer = None
        left = self._since + patience - self._loop.time()
        if self._waiter is None:
            return
        if left > 0:
            self._timer = self._loop.call_later(left, self._tick, patience)
        elif self._head is None:
            self.fail(UpstreamFailure(504, "upstream_timeout", "The upstream did not answer in time."))
        else:
            self.fail(UpstreamReset("silent"))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        if parser is None or not self.busy or self.complete:
            # Bytes outside of any answer: whatever they are, the next answer must not be read out of them.
            self.close()
            return
        self._answered = True
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._broken(error.__context__ or error)
        if self._head is None:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self._broken(UpstreamFailure(502, "upstream_invalid", "The head of the upstream's answer has no end."))
        if self._bodiless and self._head is not None:
            self._parser = httptools.HttpResponseParser(self)
        if self._held > HIGH_WATER and not self._paused and not self.complete:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._forget_timer()
        self._ended(exc)
        if self._writable is not None:
            self._writable.set()
        self._parser = None
        self._lost(self)

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def _ended(self, exc: Exception | None) -> None:
        if not self.busy or self.complete or self._error is not None:
            return
        if self._until_close and exc is None:
            self.complete = True
        elif self._head is not None:
            self._error = UpstreamReset("closed")
        else:
            self._ended_early = not self._answered
            self._unsent = exc is None and _unacknowledged(self.transport)
            self._error = UpstreamFailure(502, "upstream_closed", "The upstream closed the connection unanswered.")
        self._wake()

    def _broken(self, cause: BaseException) -> None:
        if self.complete:
            self.keep = False
        elif self._head is not None:
            self.fail(UpstreamReset("malformed"))
        elif isinstance(cause, Refusal):
            self.fail(cause)
        else:
            self.fail(UpstreamFailure(502, "upstream_invalid", "The upstream's answer is not valid HTTP/1.1."))
        self.keep = False

    # The parser's side

    def on_message_begin(self) -> None:
        if self.complete:
            raise UpstreamReset("a second answer")
        self._fields = []
        self._reason = b""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is None:
            self._fields.append((name.lower(), name, value))

    def on_headers_complete(self) -> None:
        parser = cast("httptools.HttpResponseParser", self._parser)
        status = parser.get_status_code()
        if status < 200:
            if status == 101:
                raise UpstreamFailure(502, "upstream_invalid", "The upstream switched protocols unasked.")
            return
        framing = {lower: value for lower, _, value in self._fields if lower in FRAMING}
        coding = framing.get(b"transfer-encoding")
        if coding is not None and coding.strip().lower() != b"chunked":
            raise UpstreamFailure(502, "upstream_invalid", "The upstream used a transfer coding that nobody asked for.")
        self._until_close = not framing
        self._head = AnswerHead(status, self._reason, self._fields)
        self._forget_timer()
        if self._bodiless:
            self.complete = True
            self.keep = parser.should_keep_alive()

    def on_body(self, data: bytes) -> None:
        if self.complete:
            self.keep = False
            return
        self._chunks.append(data)
        self._held += len(data)

    def on_message_complete(self) -> None:
        if self._head is None or self.complete:
            return
        self.complete = True
        self.keep = self._parser is not None and self._parser.should_keep_alive()


def _unacknowledged(transport: asyncio.Transport) -> bool:
    """Whether the other side's kernel has not acknowledged all that was written (Linux; elsewhere: unknown, False)."""
    if sys.platform != "linux":
        return False
    if transport.get_write_buffer_size():
        return True
    try:
        raw = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except (OSError, ValueError):
        return False
    return bool(struct.unpack("i", raw)[0])
