"""Nobody's slowness is paid for with the gateway's memory: what one side does not take, the other cannot send."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.conformance.peer import STREAM, Message, Peer, chunk, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream

PART = 64 << 10
TOTAL = 64 << 20
BOUND = 16 << 20
"""Socket buffers of both connections (a few MiB each on Linux) and the gateway's own 64 KiB marks, with room."""


class Meter:
    """Sends until the other side stops taking, and says how much that was."""

    def __init__(self, send: Callable[[bytes], None], framed: Callable[[bytes], bytes]) -> None:
        self._send = send
        self._part = framed(b"x" * PART)
        self.sent = 0
        self.progress = threading.Event()

    def run(self) -> None:
        for _ in range(TOTAL // PART):
            self._send(self._part)
            self.sent += PART
            self.progress.set()

    def stalled(self) -> int:
        """What was sent when nothing moved for half a second."""
        while self.progress.wait(0.5):
            self.progress.clear()
        return self.sent


def test_client_that_does_not_read(gateway: Gateway, upstream: Upstream, path: str) -> None:
    """The upstream is stopped by a client that does not read, and goes on when it does."""
    meters: list[Meter] = []
    begun = threading.Event()

    def flood(peer: Peer, head: Message) -> bool:
        peer.sock.settimeout(None)
        peer.read_body(head)
        peer.send(STREAM)
        meters.append(Meter(peer.send, chunk))
        begun.set()
        meters[0].run()
        peer.send(chunk(b""))
        return True

    upstream.handler = flood
    client = gateway.connect(receive_buffer=65536)
    client.send(request(path, b"{}"))
    client.read_head()
    assert begun.wait(20)
    assert meters[0].stalled() < BOUND
    assert len(b"".join(iter(client.read_chunk, b""))) == TOTAL
    end = gateway.log.both(path)[1]
    assert (end.size, end.full, len(end.body)) == (TOTAL, False, gateway.settings.limits.capture_response)


def test_upstream_that_does_not_read(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """The client is stopped by an upstream that does not read, and goes on when it does."""
    reading = threading.Event()

    def dawdle(peer: Peer, head: Message) -> bool:
        assert reading.wait(20)
        size = len(peer.read_body(head))
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Size: %d\r\n\r\n" % size)
        return True

    upstream.handler = dawdle
    gateway = start(limits={"body": 2 * TOTAL, "capture_request": 65536})
    client = gateway.connect()
    client.sock.settimeout(None)
    client.send(request(path, b"x" * TOTAL)[:-TOTAL])
    meter = Meter(client.send, lambda part: part)
    thread = threading.Thread(target=meter.run)
    thread.start()
    assert meter.stalled() < BOUND
    reading.set()
    assert client.read_head().get(b"x-size") == b"%d" % TOTAL
    thread.join()
