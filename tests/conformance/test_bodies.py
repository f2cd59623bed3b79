"""Bodies arrive as they were sent, both ways, whatever their size and framing."""

from __future__ import annotations

import gzip
import random
import threading
from typing import TYPE_CHECKING

import pytest

from tests.conformance.peer import Message, Peer, answer, chunked, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream

MIB = 1 << 20
SIZES = [0, 1, 65536, MIB, 5 * MIB, 50 * MIB]


def noise(size: int) -> bytes:
    """Bytes without a pattern, the same each time."""
    return random.Random(size).randbytes(size)


def exchange(client: Peer, data: bytes) -> tuple[Message, bytes]:
    """Send while reading, as a client does whose answer may begin before its request ends."""
    sender = threading.Thread(target=client.send, args=(data,))
    sender.start()
    found = client.read_answer()
    sender.join()
    return found


@pytest.mark.parametrize("size", SIZES)
def test_request_with_content_length(client: Peer, upstream: Upstream, path: str, size: int) -> None:
    """A request body of known length arrives whole, under the same Content-Length."""
    upstream.handler = upstream.records(answer())
    body = noise(size)
    assert exchange(client, request(path, body))[0].status == 200
    head, received = upstream.requests[0]
    assert received == body
    assert head.all(b"content-length") == [b"%d" % size]
    assert head.get(b"transfer-encoding") is None


@pytest.mark.parametrize("size", SIZES)
def test_chunked_request(client: Peer, upstream: Upstream, path: str, size: int) -> None:
    """A chunked request body arrives whole, chunked."""
    upstream.handler = upstream.records(answer())
    body = noise(size)
    parts = [body[at : at + 70_001] for at in range(0, size, 70_001)]
    assert exchange(client, request(path, chunks=parts))[0].status == 200
    head, received = upstream.requests[0]
    assert received == body
    assert head.get(b"content-length") is None
    assert head.all(b"transfer-encoding") == [b"chunked"]


@pytest.mark.parametrize("size", SIZES)
def test_answer_with_content_length(client: Peer, upstream: Upstream, path: str, size: int) -> None:
    """An answer of known length arrives whole, under the same Content-Length."""
    body = noise(size)
    upstream.handler = upstream.records(answer(body))
    client.send(request(path, b"{}"))
    head, received = client.read_answer()
    assert received == body
    assert head.all(b"content-length") == [b"%d" % size]


@pytest.mark.parametrize("size", SIZES)
def test_chunked_answer(client: Peer, upstream: Upstream, path: str, size: int) -> None:
    """A chunked answer arrives whole."""
    body = noise(size)
    parts = [body[at : at + 70_001] for at in range(0, size, 70_001)]
    upstream.handler = upstream.records(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(parts))
    client.send(request(path, b"{}"))
    head, received = client.read_answer()
    assert received == body
    assert head.all(b"transfer-encoding") == [b"chunked"]


def test_answer_that_ends_with_its_connection(client: Peer, upstream: Upstream, path: str) -> None:
    """An answer without a length is whole when the upstream closes, and the client is told so in its framing."""

    def until_close(peer: Peer, _: Message) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")

    upstream.handler = until_close
    client.send(request(path))
    assert client.read_answer()[1] == b"all of it"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "br, gzip", "nonsense"])
def test_encoded_bodies_are_not_touched(client: Peer, upstream: Upstream, path: str, coding: str) -> None:
    """Whatever a Content-Encoding says, the bytes pass as they are, both ways."""
    packed = gzip.compress(noise(5000))
    upstream.handler = upstream.records(answer(packed, ("Content-Encoding", coding)))
    client.send(request(path, packed, ("Content-Encoding", coding), ("Accept-Encoding", "zstd;q=0.1, br")))
    head, received = client.read_answer()
    assert received == packed
    assert head.get(b"content-encoding") == coding.encode()
    sent, body = upstream.requests[0]
    assert body == packed
    assert sent.get(b"accept-encoding") == b"zstd;q=0.1, br"


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": []}',
        b'{"model":"a","model":"b"}',
        b'{"n": 1e999, "t": NaN}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"cut": ',
        b"null",
        b'{"lone": "\\ud800"}',
    ],
    ids=["no-messages", "twice", "numbers", "deep", "no-text", "cut", "null", "surrogate"],
)
def test_any_body_passes(client: Peer, upstream: Upstream, path: str, body: bytes) -> None:
    """What a body means is the upstream's business."""
    upstream.handler = upstream.records(answer(b"as you like"))
    client.send(request(f"/v1/chat/completions?{path}", body, ("Content-Type", "application/json")))
    assert client.read_answer()[1] == b"as you like"
    assert upstream.requests[0][1] == body


@pytest.mark.parametrize("framing", ["content-length", "chunked"])
def test_body_above_the_limit(start: Callable[..., Gateway], upstream: Upstream, path: str, framing: str) -> None:
    """Above the limit a body is refused with 413 and the limit, and never reaches the upstream as a whole."""
    upstream.handler = upstream.records(answer())
    gateway = start(limits={"body": 100_000, "capture_request": 200_000})
    client, body = gateway.connect(), noise(100_001)
    client.send(request(path, body) if framing == "content-length" else request(path, chunks=[body]))
    head, text = client.read_answer()
    assert head.status == 413
    assert b"body_too_large" in text
    assert b"100000" in text
    assert client.ended()
    assert upstream.requests == []


def test_streamed_body_above_the_limit(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """A chunked body that grows beyond the limit on its way is cut: the upstream sees no end of it."""
    ended = threading.Event()

    def read_all(peer: Peer, _: Message) -> None:
        assert peer.ended()
        ended.set()

    upstream.handler = read_all
    gateway = start(limits={"body": 300_000, "capture_request": 50_000})
    client = gateway.connect()
    client.send(request(path, chunks=[noise(100_000)])[: -len(b"0\r\n\r\n")])
    client.send(chunked([noise(250_000)]))
    head, text = client.read_answer()
    assert head.status == 413
    assert b"body_too_large" in text
    assert ended.wait(20)


def test_body_byte_by_byte(client: Peer, upstream: Upstream, path: str) -> None:
    """A request that comes in single bytes is the same request."""
    upstream.handler = upstream.records(answer())
    for data in (request(path, b"slowly"), request(path, chunks=[b"slow", b"ly"])):
        for at in range(len(data)):
            client.send(data[at : at + 1])
        assert client.read_answer()[0].status == 200
    assert [body for _, body in upstream.requests] == [b"slowly", b"slowly"]


def test_answer_byte_by_byte(client: Peer, upstream: Upstream, path: str) -> None:
    """An answer that comes in single bytes is the same answer."""

    def drip(peer: Peer, head: Message) -> bool:
        peer.read_body(head)
        for byte in b"HTTP/1.1 201 Made\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked([b"ab", b"c"]):
            peer.send(bytes([byte]))
        return True

    upstream.handler = drip
    client.send(request(path, b"{}"))
    head, body = client.read_answer()
    assert head.start == b"HTTP/1.1 201 Made"
    assert head.get(b"x-a") == b"b"
    assert body == b"abc"
