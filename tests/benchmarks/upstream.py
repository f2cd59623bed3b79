"""An upstream that is never the bottleneck: fixed answers from a bare protocol, no framework.

``python -m tests.benchmarks.upstream PORT``. The body of a request decides:
``"stream":true`` gives ``max_tokens`` SSE chunks, ``seed`` microseconds apart
(fields that every gateway forwards); anything else gives one fixed JSON answer.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import cast

import uvloop

HEAD = (
    b"openai-organization: org-example\r\nopenai-processing-ms: 412\r\nopenai-version: 2020-10-01\r\n"
    b"x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 30000000\r\n"
    b"x-ratelimit-remaining-requests: 9999\r\n"
    b"x-ratelimit-remaining-tokens: 29999700\r\nx-request-id: req_0123456789abcdef0123456789abcdef\r\n"
    b"strict-transport-security: max-age=31536000; includeSubDomains\r\nx-content-type-options: nosniff\r\n"
)
ANSWER = json.dumps(
    {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion",
        "created": 1741569952,
        "model": "gpt-4.1-2025-04-14",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "A step of gradient descent, explained. " * 20},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 319, "completion_tokens": 170, "total_tokens": 489},
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n%s" % (
    len(ANSWER),
    HEAD,
    ANSWER,
)
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n%s\r\n" % HEAD
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CHUNKS = re.compile(rb'"max_tokens": *(\d+)')
PAUSE = re.compile(rb'"seed": *(\d+)')


def _event(data: bytes) -> bytes:
    line = b"data: %s\n\n" % data
    return b"%x\r\n%s\r\n" % (len(line), line)


def _delta(content: str) -> bytes:
    chunk = {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion.chunk",
        "created": 1741569952,
        "model": "gpt-4.1-2025-04-14",
        "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}],
    }
    return _event(json.dumps(chunk).encode())


DELTA = _delta("gradient ")
LAST = _event(b"[DONE]") + b"0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """One connection, kept alive; requests with Content-Length or in chunks, one after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pending = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Stop an answer that nobody reads."""
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._pending += data
        while (body := self._take()) is not None:
            self._answer(body)

    def _take(self) -> bytes | None:
        head, blank, rest = self._pending.partition(b"\r\n\r\n")
        if not blank:
            return None
        length = LENGTH.search(head)
        if length:
            size = int(length[1])
        elif b"chunked" in head:
            end = rest.find(b"0\r\n\r\n")
            size = end + 5 if end >= 0 else len(rest) + 1
        else:
            size = 0
        if len(rest) < size:
            return None
        self._pending = rest[size:]
        return rest[:size]

    def _answer(self, body: bytes) -> None:
        if b'"stream":true' not in body and b'"stream": true' not in body:
            self._transport.write(WHOLE)
            return
        chunks, pause = CHUNKS.search(body), PAUSE.search(body)
        count = int(chunks[1]) if chunks else 60
        self._transport.write(STREAM)
        if pause and int(pause[1]):
            self._paced(count, int(pause[1]) / 1e6)
            return
        for _ in range(count):
            self._transport.write(DELTA)
        self._transport.write(LAST)

    def _paced(self, left: int, pause: float) -> None:
        if self._transport.is_closing():
            return
        if not left:
            self._transport.write(LAST)
            return
        self._transport.write(DELTA)
        self._timer = self._loop.call_later(pause, self._paced, left - 1, pause)


async def serve(port: int) -> None:
    """Serve on loopback until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
