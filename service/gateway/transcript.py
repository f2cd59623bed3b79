"""What is known of one query: filled in as it passes, read out as its two records."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from service.gateway.capture import Capture
from service.gateway.identity import Identity
from service.model.ids import event_id, stamped
from service.model.query import End, Outcome, Start

if TYPE_CHECKING:
    from service.gateway.clock import Clock
    from service.settings import Limits

DIGEST_SIZE = 16
NOBODY = Identity("", "", known=False)
"""Before the caller is known; what ends here is no query of anyone's and has no record."""


class Transcript:
    """A query, as far as it has come.

    ``size`` counts the request body's bytes as they pass; ``pieces`` holds those not yet forwarded.
    """

    __slots__ = (
        "_capture",
        "_clock",
        "_limit",
        "arrived",
        "content_type",
        "declared",
        "encoding",
        "headers",
        "id",
        "identity",
        "ip_prefix",
        "method",
        "outcome",
        "path",
        "pieces",
        "size",
        "status",
        "ttft",
        "whole",
    )

    def __init__(self, clock: Clock, limits: Limits, *, method: str, path: str) -> None:
        self._clock = clock
        self._limit = limits.capture_request
        self._capture = Capture(limits.capture_response)
        self.arrived = clock.now()
        self.id = event_id(self.arrived)
        self.method = method
        self.path = path
        self.identity = NOBODY
        self.ip_prefix = ""
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.size = 0
        self.declared = 0
        """Content-Length, 0 where there is none."""
        self.whole = False
        """Whether the request body's end was read."""
        self.status = 0
        self.ttft = -1
        self.encoding = ""
        self.content_type = ""
        self.outcome = Outcome.UNKNOWN

    def of(self, identity: Identity) -> None:
        """The caller is known: whose query it is, and so which partition its records belong to."""
        self.identity = identity
        self.id = stamped(self.id, identity.shard)

    def answered(self, data: bytes) -> None:
        """A part of the answer goes to the client; empty for an answer without a body."""
        if self.ttft < 0:
            self.ttft = self._clock.now() - self.arrived
        if data:
            self._capture.add(data)

    async def start(self) -> Start:
        """The start record, when the body is read whole or as far as the log keeps it."""
        body = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        # Forwarding this body as one piece costs nothing and frees the parts.
        self.pieces = [body] if body else []
        if self.whole and len(body) <= self._limit:
            return self._start(body)
        # The whole of a streamed body is known too late for a record that comes before it, so the digest
        # is of what is kept. Off the loop: it takes a millisecond for each MiB.
        kept = body[: self._limit]
        return self._start(kept, await asyncio.to_thread(_digest, kept))

    def partial_start(self) -> Start:
        """The start record of a query that ended before it could be forwarded: as far as it was read."""
        body = b"".join(self.pieces)
        kept = body[: self._limit]
        return self._start(kept, b"" if self.whole and kept == body else _digest(kept))

    def end(self) -> End:
        """The end record; its time is now."""
        body, full = self._capture.result()
        return End(
            id=self.id,
            at=self._clock.now(),
            status=self.status,
            outcome=self.outcome,
            ttft=self.ttft,
            encoding=self.encoding,
            content_type=self.content_type,
            body=body,
            size=self._capture.size,
            full=full,
        )

    def _start(self, body: bytes, digest: bytes = b"") -> Start:
        return Start(
            id=self.id,
            at=self.arrived,
            account=self.identity.account,
            org=self.identity.org,
            ip_prefix=self.ip_prefix,
            method=self.method,
            path=self.path,
            headers=self.headers,
            body=body,
            size=max(self.size, self.declared),
            full=not digest,
            digest=digest,
        )


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_SIZE).digest()
