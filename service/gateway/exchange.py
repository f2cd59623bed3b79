"""One request on its way through: who, whether, where to, and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from service import metrics
from service.gateway import refusal
from service.gateway.connection import UpstreamReset
from service.gateway.guard import enforce
from service.gateway.refusal import Refusal, UpstreamFailure
from service.gateway.request import HOP_BY_HOP, MARKER, Head, read_head
from service.gateway.transcript import NOBODY, Transcript
from service.model.decision import ALLOW, Kind
from service.model.ids import text_id
from service.model.query import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from service.gateway.connection import AnswerHead, Connection
    from service.gateway.cycle import Cycle
    from service.gateway.parts import Parts
    from service.gateway.targets import Target

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
FAULTS = frozenset({400, 408, 413})
"""Refusals after which nothing more is read from the client."""
ANNOTATION = b"x-revenuer-annotation"


class Exchange:
    """Carries one request to the upstream and its answer back, and writes its two records.

    When the client leaves, its task is cancelled wherever it is; the upstream's connection is then cut and
    the end record queued on the way out, which needs no further waiting.
    """

    __slots__ = (
        "_connection",
        "_cycle",
        "_head",
        "_parts",
        "_path",
        "_receive",
        "_recorded",
        "_ruling",
        "_scope",
        "_send",
        "_told",
    )

    def __init__(self, parts: Parts, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self._parts = parts
        self._scope = scope
        self._receive = receive
        self._send = send
        self._cycle: Cycle = scope["extensions"]["revenuer"]
        self._path: bytes = scope["raw_path"]
        self._told = Transcript(parts.clock, parts.limits, method=scope["method"], path=self._path.decode("ascii"))
        self._head = Head()
        self._ruling = ALLOW
        self._recorded = False
        self._connection: Connection | None = None

    async def run(self) -> None:
        """The whole way. Returns without completing the answer where the connection has to be broken off."""
        told = self._told
        try:
            await self._serve()
            told.outcome = Outcome.OK
        except Refusal as refused:
            failed = isinstance(refused, UpstreamFailure)
            told.outcome = Outcome.UPSTREAM_ERROR if failed else Outcome.REFUSED
            self._drop_connection()
            await self._refuse(refused)
        except UpstreamReset:
            told.outcome = Outcome.UPSTREAM_RESET
        except asyncio.CancelledError:
            if not self._cycle.disconnected:
                raise
        finally:
            self._drop_connection()
            self._record_end()

    # In

    async def _serve(self) -> None:
        target, path = self._judge_head()
        guard = self._parts.guard
        reads_body = guard.reads_body
        if not reads_body:
            self._rule("")
        await self._read_body()
        if reads_body:
            self._rule(self._end_user())
        self._recorded = True
        await self._parts.recorder.start(await self._told.start())
        await self._forward(target, path)

    def _judge_head(self) -> tuple[Target, bytes]:
        parts, told = self._parts, self._told
        target, path = parts.targets.resolve(self._path)
        client = self._scope["client"]
        peer = client[0] if client else ""
        self._head = head = read_head(self._cycle.fields, trusted=parts.addresses.trusts(peer))
        if parts.marker in head.marker:
            raise Refusal(508, "loop", "This request came from this gateway; its upstream leads back to it.")
        identity = parts.identities.of(head.credentials)
        told.headers = head.logged
        told.declared = head.length
        told.ip_prefix = parts.addresses.prefix(peer, head.forwarded_for)
        told.of(identity)
        if parts.refuse_unknown and not identity.known:
            raise Refusal(401, "unknown_key", "This API key is not known here. Ask the operator of this API for one.")
        if head.length > parts.limits.body:
            raise _too_large(parts.limits.body)
        return target, path

    def _rule(self, end_user: str) -> None:
        told = self._told
        self._ruling = self._parts.guard.rule(
            account=told.identity.account,
            org=told.identity.org,
            ip_prefix=told.ip_prefix,
            # One account's user is not another's of the same name; flags and scores name them so too.
            end_user=f"{told.identity.account}/{end_user}" if end_user else "",
            now=told.arrived,
        )
        enforce(self._ruling)

    def _end_user(self) -> str:
        told, dialects = self._told, self._parts.dialects
        if dialects is None:
            return ""
        query, _ = dialects.read(told.method, told.path, b"".join(told.pieces), full=told.whole)
        return str(query.end_user)

    async def _read_body(self) -> None:
        """All of the body, or of a large one as much as the log keeps: that much waits for the start record."""
        told = self._told
        while not told.whole and told.size <= self._parts.limits.capture_request:
            piece = await self._next_piece()
            if piece:
                told.pieces.append(piece)

    async def _next_piece(self) -> bytes:
        message = await self._receive()
        piece: bytes = message.get("body", b"")
        self._told.size += len(piece)
        self._told.whole = not message.get("more_body", False)
        if self._told.size > self._parts.limits.body:
            raise _too_large(self._parts.limits.body)
        return piece

    # Through

    async def _forward(self, target: Target, path: bytes) -> None:
        connection, answer = await self._ask(target, self._render(target, path))
        self._told.status = answer.status
        await self._send(self._answer_start(answer))
        await self._relay(connection)

    def _render(self, target: Target, path: bytes) -> bytes:
        extra = [(MARKER, self._parts.marker)]
        if self._ruling.kind is Kind.ANNOTATE:
            extra.append((ANNOTATION, self._ruling.decision.encode()))
        query = self._cycle.target[len(self._path) :]
        return self._head.render(self._told.method, path + query, target.authority, extra)

    async def _ask(self, target: Target, head: bytes) -> tuple[Connection, AnswerHead]:
        pool, method = self._parts.pool, self._told.method
        bodiless = method == "HEAD"
        self._connection = connection = await pool.acquire(target.origin, bodiless=bodiless)
        try:
            return connection, await self._send_request(connection, head)
        except UpstreamFailure:
            if not (self._told.whole and connection.may_repeat(idempotent=method in IDEMPOTENT)):
                raise
        self._drop_connection()
        self._connection = connection = await pool.acquire(target.origin, bodiless=bodiless, fresh=True)
        return connection, await self._send_request(connection, head)

    async def _send_request(self, connection: Connection, head: bytes) -> AnswerHead:
        told, patience = self._told, self._parts.limits.answer_timeout
        connection.write(b"".join((head, *self._framed(told.pieces))))
        if told.whole:
            return await connection.head(patience)
        told.pieces = []
        pump = asyncio.ensure_future(self._pump(connection))
        try:
            return await connection.head(patience)
        finally:
            # An answer before the end of the request ends the request: there is nothing to wait for.
            if not pump.done():
                pump.cancel()

    async def _pump(self, connection: Connection) -> None:
        try:
            while not self._told.whole:
                await connection.drain()
                piece = await self._next_piece()
                connection.write(b"".join(self._framed([piece] if piece else [])))
        except Refusal as refused:
            connection.fail(refused)

    def _framed(self, pieces: list[bytes]) -> list[bytes]:
        if not self._head.chunked:
            return pieces
        framed = [part for piece in pieces for part in (b"%x\r\n" % len(piece), piece, b"\r\n")]
        if self._told.whole:
            framed.append(b"0\r\n\r\n")
        return framed

    # Back

    def _answer_start(self, answer: AnswerHead) -> dict[str, Any]:
        fields: list[tuple[bytes, bytes]] = []
        named: set[bytes] = set()
        framed = False
        for lower, name, value in answer.fields:
            if lower in HOP_BY_HOP:
                if lower == b"connection":
                    named.update(token.strip().lower() for token in value.split(b","))
                continue
            if lower == b"content-type":
                self._told.content_type = value.decode("latin-1")
            elif lower == b"content-encoding":
                self._told.encoding = value.decode("latin-1").strip().lower()
            elif lower == b"content-length":
                framed = True
            fields.append((name, value))
        named -= {b"close", b"keep-alive", b"content-length"}
        if named:
            fields = [field for field in fields if field[0].lower() not in named]
        return {
            "type": "http.response.start",
            "status": answer.status,
            "reason": answer.reason,
            "headers": fields,
            "framed": framed,
        }

    async def _relay(self, connection: Connection) -> None:
        """Every part at once, as it came; the next is read when the client has taken this one."""
        more = True
        while more:
            data, more = connection.take()
            if data or not more:
                self._told.answered(data)
            if not more:
                self._release_connection()
            await self._send({"type": "http.response.body", "body": data, "more_body": more})
            if more:
                await connection.more(self._parts.limits.idle_timeout)

    def _release_connection(self) -> None:
        if self._connection is not None:
            if not self._told.whole:
                self._connection.keep = False
            self._parts.pool.release(self._connection)
            self._connection = None

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _refuse(self, refused: Refusal) -> None:
        metrics.REFUSALS.labels(refused.code).inc()
        told, dialects = self._told, self._parts.dialects
        write = refusal.plain if dialects is None else dialects.for_errors(told.path).error
        body = write(refused.status, refused.code, refused.message)
        told.status = refused.status
        told.content_type = "application/json"
        told.answered(body)
        if refused.status in FAULTS:
            self._cycle.keep_alive = False
        fields = refusal.head_fields(refused, len(body), text_id(told.id))
        await self._send({"type": "http.response.start", "status": refused.status, "headers": fields})
        await self._send({"type": "http.response.body", "body": body})

    # The records

    def _record_end(self) -> None:
        told, recorder = self._told, self._parts.recorder
        if self._cycle.disconnected and told.outcome is not Outcome.OK:
            told.outcome = Outcome.CLIENT_GONE
        self._parts.tally.ended(told.outcome, told.ttft)
        if told.identity is NOBODY:
            return
        if not self._recorded:
            recorder.queue(told.partial_start())
        recorder.queue(told.end())


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "body_too_large", f"The request's body is larger than {limit} bytes.")
