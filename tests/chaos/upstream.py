"""The smallest upstream: every request gets the same answer, at once. ``python -m tests.chaos.upstream PORT``.

A request whose ``x-chaos`` field names an odd answer gets that, and the connection ends with it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

BODY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1767225600,"model":"chaos","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"It depends on what you measure."},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":20,"completion_tokens":8,"total_tokens":28}}'
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
ODD = {
    "busy": (b"HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\n", b'{"error":{"message":"later"}}', 0),
    "error": (b"HTTP/1.1 500 Oops\r\n", b"<html>oops</html>", 0),
    "broken-off": (PLAIN, BODY[:40], len(BODY) - 40),
    "not-json": (PLAIN, b'{"choices": [\xff\xfe', 0),
    "bad-stream": (STREAM, b"data: {not json\n\nevent\n\n: \xc3\x28\ndata: [DONE]\n\n", 0),
    "endless-line": (STREAM, b"data: " + b"x" * (3 << 20), 0),
    "bad-gzip": (PLAIN + b"Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x00 this is no gzip", 0),
}
"""Name -> head, body, and how many bytes of the body that its head promises never come."""


def odd(name: str) -> bytes:
    """An odd answer as it goes over the wire."""
    head, body, missing = ODD[name]
    return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body) + missing, body)


class Upstream(asyncio.Protocol):
    """Counts bodies by their Content-Length and answers each."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + content_length(self._buffer[:head])
            if len(self._buffer) < end:
                return
            name = field(self._buffer[:head], b"x-chaos").decode()
            self._buffer = self._buffer[end:]
            self._transport.write(odd(name) if name in ODD else ANSWER)
            if name in ODD:
                self._transport.close()


def content_length(head: bytes) -> int:
    """The length that a message's head gives for its body; 0 where it gives none."""
    return int(field(head, b"content-length") or 0)


def field(head: bytes, wanted: bytes) -> bytes:
    """The value of a head's field; empty where it has none of that name."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == wanted:
            return value.strip()
    return b""


async def serve(port: int) -> None:
    """Answer until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
