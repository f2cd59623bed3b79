"""One request on its way through: who, whether, where to, and back."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import structlog

from service import metrics
from service.gateway import refusal
from service.gateway.capture import Capture
from service.gateway.guard import enforce
from service.gateway.identity import Identity
from service.gateway.refusal import Refusal, UpstreamFailure
from service.gateway.request import HOP_BY_HOP, MARKER, Head, read_head
from service.gateway.upstream import AnswerHead, Connection, UpstreamReset
from service.model.decision import ALLOW, Kind
from service.model.ids import event_id, text_id
from service.model.query import End, Outcome, Start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from service.gateway.cycle import Cycle
    from service.gateway.proxy import Parts
    from service.gateway.targets import Target

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger()

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
OUTCOMES = {outcome: metrics.REQUESTS.labels(outcome.value) for outcome in Outcome}
FAULTS = frozenset({400, 408, 413})
"""Refusals after which nothing more is read from the client."""
ANNOTATION = b"x-revenuer-annotation"
DIGEST_SIZE = 16
NOBODY = Identity("", "", known=False)
"""Before the caller is known; what ends here is no query of anyone's and has no record."""


class Exchange:
    """Carries one request to the upstream and its answer back, and writes its two records.

    When the client leaves, its task is cancelled wherever it is; the upstream's connection is then cut and
    the end record queued on the way out, which needs no further waiting.
    """

    __slots__ = (
        "_arrived",
        "_capture",
        "_connection",
        "_content_type",
        "_cycle",
        "_encoding",
        "_head",
        "_id",
        "_identity",
        "_ip_prefix",
        "_large",
        "_method",
        "_outcome",
        "_parts",
        "_path",
        "_pieces",
        "_receive",
        "_recorded",
        "_ruling",
        "_scope",
        "_send",
        "_size",
        "_status",
        "_ttft",
        "_whole",
    )

    def __init__(self, parts: Parts, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self._parts = parts
        self._scope = scope
        self._receive = receive
        self._send = send
        self._cycle: Cycle = scope["extensions"]["revenuer"]
        self._method: str = scope["method"]
        self._path: bytes = scope["raw_path"]
        self._arrived = parts.clock.now()
        self._id = event_id(self._arrived)
        self._head = Head()
        self._identity = NOBODY
        self._ip_prefix = ""
        self._ruling = ALLOW
        self._pieces: list[bytes] = []
        self._size = 0
        self._whole = False
        self._large = False
        self._recorded = False
        self._connection: Connection | None = None
        self._capture = Capture(parts.limits.capture_response)
        self._status = 0
        self._ttft = -1
        self._encoding = ""
        self._content_type = ""
        self._outcome = Outcome.UNKNOWN

    async def run(self) -> None:
        """The whole way. Returns without completing the answer where the connection has to be broken off."""
        try:
            await self._serve()
            self._outcome = Outcome.OK
        except Refusal as refused:
            failed = isinstance(refused, UpstreamFailure)
            self._outcome = Outcome.UPSTREAM_ERROR if failed else Outcome.REFUSED
            self._drop_connection()
            await self._refuse(refused)
        except UpstreamReset:
            self._outcome = Outcome.UPSTREAM_RESET
        except asyncio.CancelledError:
            if not self._cycle.disconnected:
                raise
        finally:
            self._drop_connection()
            if self._cycle.disconnected and self._outcome is not Outcome.OK:
                self._outcome = Outcome.CLIENT_GONE
            self._record_end()

    # In

    async def _serve(self) -> None:
        target, path = self._judge_head()
        if not self._parts.guard.reads_body:
            self._rule("")
        await self._read_body()
        if self._parts.guard.reads_body:
            self._rule(self._end_user())
        self._recorded = True
        await self._parts.recorder.start(await self._start_record())
        await self._forward(target, path)

    def _judge_head(self) -> tuple[Target, bytes]:
        parts = self._parts
        target, path = parts.targets.resolve(self._path)
        client = self._scope["client"]
        peer = client[0] if client else ""
        self._head = head = read_head(self._cycle.fields, trusted=parts.addresses.trusts(peer))
        if parts.marker in head.marker:
            raise Refusal(508, "loop", "This request came from this gateway; its upstream leads back to it.")
        self._identity = identity = parts.identities.of(head.credentials)
        self._ip_prefix = parts.addresses.prefix(peer, head.forwarded_for)
        if parts.refuse_unknown and not identity.known:
            raise Refusal(401, "unknown_key", "This API key is not known here. Ask the operator of this API for one.")
        if head.length is not None and head.length > parts.limits.body:
            raise _too_large(parts.limits.body)
        return target, path

    def _rule(self, end_user: str) -> None:
        self._ruling = self._parts.guard.rule(
            account=self._identity.account,
            org=self._identity.org,
            ip_prefix=self._ip_prefix,
            end_user=end_user,
            now=self._arrived,
        )
        enforce(self._ruling)

    def _end_user(self) -> str:
        if self._parts.dialects is None:
            return ""
        path = self._path.decode("ascii")
        query, _ = self._parts.dialects.read(self._method, path, b"".join(self._pieces), full=self._whole)
        return str(query.end_user)

    async def _read_body(self) -> None:
        """All of the body, or of a large one as much as the log keeps: that much waits for the start record."""
        while True:
            piece, more = await self._next_piece()
            if piece:
                self._pieces.append(piece)
            self._whole = not more
            if not more:
                return
            if self._size > self._parts.limits.capture_request:
                self._large = True
                return

    async def _next_piece(self) -> tuple[bytes, bool]:
        message = await self._receive()
        piece: bytes = message.get("body", b"")
        self._size += len(piece)
        if self._size > self._parts.limits.body:
            raise _too_large(self._parts.limits.body)
        return piece, message.get("more_body", False)

    # Through

    async def _forward(self, target: Target, path: bytes) -> None:
        connection, answer = await self._ask(target, self._render(target, path))
        self._status = answer.status
        await self._send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "reason": answer.reason,
                "headers": self._answer_fields(answer),
            }
        )
        await self._relay(connection)

    def _render(self, target: Target, path: bytes) -> bytes:
        extra = [(MARKER, self._parts.marker)]
        if self._ruling.kind is Kind.ANNOTATE:
            extra.append((ANNOTATION, self._ruling.decision.encode()))
        query = self._cycle.target[len(self._path) :]
        return self._head.render(self._method, path + query, target.authority, extra)

    async def _ask(self, target: Target, head: bytes) -> tuple[Connection, AnswerHead]:
        pool, bodiless = self._parts.pool, self._method == "HEAD"
        self._connection = connection = await pool.acquire(target.origin, bodiless=bodiless)
        while True:
            try:
                return connection, await self._send_request(connection, head)
            except UpstreamFailure:
                if not (self._whole and connection.may_repeat(idempotent=self._method in IDEMPOTENT)):
                    raise
            self._drop_connection()
            self._connection = connection = await pool.acquire(target.origin, bodiless=bodiless, fresh=True)

    async def _send_request(self, connection: Connection, head: bytes) -> AnswerHead:
        patience = self._parts.limits.answer_timeout
        pieces = self._framed(self._pieces)
        if self._whole:
            if self._head.chunked:
                pieces.append(b"0\r\n\r\n")
            connection.write(b"".join((head, *pieces)))
            return await connection.head(patience)
        connection.write(b"".join((head, *pieces)))
        pump = asyncio.ensure_future(self._pump(connection))
        try:
            return await connection.head(patience)
        finally:
            # An answer before the end of the request ends the request: there is nothing to wait for.
            if not pump.done():
                pump.cancel()

    async def _pump(self, connection: Connection) -> None:
        try:
            while not self._whole:
                await connection.drain()
                piece, more = await self._next_piece()
                self._whole = not more
                framed = self._framed([piece] if piece else [])
                if self._head.chunked and not more:
                    framed.append(b"0\r\n\r\n")
                connection.write(b"".join(framed))
        except Refusal as refused:
            connection.fail(refused)

    def _framed(self, pieces: list[bytes]) -> list[bytes]:
        if not self._head.chunked:
            return list(pieces)
        return [part for piece in pieces for part in (b"%x\r\n" % len(piece), piece, b"\r\n")]

    # Back

    def _answer_fields(self, answer: AnswerHead) -> list[tuple[bytes, bytes]]:
        kept: list[tuple[bytes, bytes]] = []
        named: set[bytes] = set()
        for field in answer.fields:
            lower = field[0].lower()
            if lower in HOP_BY_HOP:
                if lower == b"connection":
                    named.update(token.strip().lower() for token in field[1].split(b","))
                continue
            if lower == b"content-type":
                self._content_type = field[1].decode("latin-1")
            elif lower == b"content-encoding":
                self._encoding = field[1].decode("latin-1").strip().lower()
            kept.append(field)
        if named - {b"close", b"keep-alive", b""}:
            kept = [field for field in kept if field[0].lower() not in named - {b"content-length"}]
        return kept

    async def _relay(self, connection: Connection) -> None:
        """Every part at once, as it came; the next is read when the client has taken this one."""
        while True:
            data, more = connection.take()
            if self._ttft < 0 and (data or not more):
                self._first_byte()
            if data:
                self._capture.add(data)
            if not more:
                self._release_connection()
            await self._send({"type": "http.response.body", "body": data, "more_body": more})
            if not more:
                return
            await connection.more(self._parts.limits.idle_timeout)

    def _first_byte(self) -> None:
        self._ttft = self._parts.clock.now() - self._arrived
        metrics.FIRST_BYTE.observe(self._ttft / 1e6)

    def _release_connection(self) -> None:
        if self._connection is not None:
            if not self._whole:
                self._connection.keep = False
            self._parts.pool.release(self._connection)
            self._connection = None

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _refuse(self, refused: Refusal) -> None:
        metrics.REFUSALS.labels(refused.code).inc()
        dialects = self._parts.dialects
        dialect = dialects.for_path(self._method, self._path.decode("ascii")) if dialects is not None else None
        write = dialect.error if dialect is not None else refusal.plain
        body = write(refused.status, refused.code, refused.message)
        self._status = refused.status
        self._content_type = "application/json"
        if refused.status in FAULTS:
            self._cycle.keep_alive = False
        self._capture.add(body)
        fields = refusal.head_fields(refused, len(body), text_id(self._id))
        await self._send({"type": "http.response.start", "status": refused.status, "headers": fields})
        await self._send({"type": "http.response.body", "body": body})

    # The records

    async def _start_record(self) -> Start:
        body = b"".join(self._pieces) if len(self._pieces) != 1 else self._pieces[0]
        # Forwarding this body again as one piece costs nothing and frees the parts.
        self._pieces = [body] if body else []
        limit = self._parts.limits.capture_request
        if len(body) <= limit and self._whole:
            return self._start(body)
        # The whole of a streamed body is known too late for a record that comes before it, so the digest
        # is of what is kept. Off the loop: it takes a millisecond for each MiB.
        kept = body[:limit]
        return self._start(kept, await asyncio.to_thread(_digest, kept))

    def _start(self, body: bytes, digest: bytes = b"") -> Start:
        return Start(
            id=self._id,
            at=self._arrived,
            account=self._identity.account,
            org=self._identity.org,
            ip_prefix=self._ip_prefix,
            method=self._method,
            path=self._path.decode("ascii"),
            headers=self._head.logged,
            body=body,
            size=max(self._size, self._head.length or 0),
            full=not digest,
            digest=digest,
        )

    def _record_end(self) -> None:
        OUTCOMES[self._outcome].inc()
        if self._identity is NOBODY:
            return
        recorder = self._parts.recorder
        if not self._recorded:
            # Refused or left before it could be forwarded: as far as it was read.
            body = b"".join(self._pieces)
            kept = body[: self._parts.limits.capture_request]
            recorder.queue(self._start(kept, b"" if self._whole and kept == body else _digest(kept)))
        body, full = self._capture.result()
        recorder.queue(
            End(
                id=self._id,
                at=self._parts.clock.now(),
                status=self._status,
                outcome=self._outcome,
                ttft=self._ttft,
                encoding=self._encoding,
                content_type=self._content_type,
                body=body,
                size=self._capture.size,
                full=full,
            )
        )


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_SIZE).digest()


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "body_too_large", f"The request's body is larger than {limit} bytes.")
