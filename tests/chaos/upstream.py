"""The smallest upstream: every request gets the same answer, at once. ``python -m tests.chaos.upstream PORT``."""

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
            self._buffer = self._buffer[end:]
            self._transport.write(ANSWER)


def content_length(head: bytes) -> int:
    """The length that a message's head gives for its body; 0 where it gives none."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def serve(port: int) -> None:
    """Answer until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
