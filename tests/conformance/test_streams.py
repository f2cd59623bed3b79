"""Each part of a stream passes at once: the upstream sends the next only when the client has this one."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import pytest

from tests.conformance.peer import STREAM, Message, Peer, chunk, request

if TYPE_CHECKING:
    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream

EVENTS = [b'data: {"n": %d}\n\n' % number for number in range(20)]


@pytest.mark.parametrize("framing", ["chunked", "content-length", "until-close"])
def test_each_event_is_forwarded_before_the_next_is_sent(
    client: Peer, upstream: Upstream, path: str, framing: str
) -> None:
    """No event waits for another, whatever the framing."""
    taken: queue.Queue[int] = queue.Queue()
    length = sum(map(len, EVENTS))
    heads = {
        "chunked": STREAM,
        "content-length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length,
        "until-close": b"HTTP/1.1 200 OK\r\n\r\n",
    }

    def stream(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(heads[framing])
        for number, event in enumerate(EVENTS):
            assert taken.get(timeout=20) == number
            peer.send(chunk(event) if framing == "chunked" else event)
        if framing == "chunked":
            peer.send(chunk(b""))

    upstream.handler = stream
    client.send(request(path, b'{"stream": true}'))
    head = client.read_head()
    for number, event in enumerate(EVENTS):
        taken.put(number)
        received = client.read_exactly(len(event)) if framing == "content-length" else client.read_chunk()
        assert received == event
    assert head.status == 200


def test_head_does_not_wait_for_the_first_event(client: Peer, upstream: Upstream, path: str) -> None:
    """The head of a stream reaches the client before there is anything in it."""
    seen: queue.Queue[bool] = queue.Queue()

    def stream(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(STREAM)
        assert seen.get(timeout=20)
        peer.send(chunk(b"data: late\n\n") + chunk(b""))

    upstream.handler = stream
    client.send(request(path, b"{}"))
    head = client.read_head()
    assert head.get(b"content-type") == b"text/event-stream"
    seen.put(item=True)
    assert client.read_chunk() == b"data: late\n\n"
    assert client.read_chunk() == b""


def test_stream_reaches_an_old_client(client: Peer, upstream: Upstream, path: str) -> None:
    """An HTTP/1.0 client gets the stream without chunks, ended by the connection."""
    upstream.handler = upstream.records(STREAM + chunk(b"one") + chunk(b"two") + chunk(b""))
    client.send(request(path, version="1.0"))
    head = client.read_head()
    assert head.get(b"transfer-encoding") is None
    assert client.read_rest() == b"onetwo"


def test_stream_is_recorded_as_sent(gateway: Gateway, client: Peer, upstream: Upstream, path: str) -> None:
    """The end record holds the stream, its type, and the time of its first byte."""
    upstream.handler = upstream.records(STREAM + chunk(b"data: 1\n\n") + chunk(b"data: [DONE]\n\n") + chunk(b""))
    client.send(request(path, b"{}"))
    client.read_answer()
    start, end = gateway.log.both(path)
    assert (end.body, end.full, end.size) == (b"data: 1\n\ndata: [DONE]\n\n", True, 23)
    assert end.content_type == "text/event-stream"
    assert 0 <= end.ttft <= end.at - start.at


def test_large_request_streams_while_it_comes(client: Peer, upstream: Upstream, path: str) -> None:
    """Of a request larger than what the log keeps, each later part is forwarded before the next is sent."""
    arrived: queue.Queue[int] = queue.Queue()
    first, part = b"a" * (5 << 20), b"b" * 1000

    def read(peer: Peer, head: Message) -> bool:
        assert head.get(b"content-length") == b"%d" % (len(first) + 10 * len(part))
        assert peer.read_exactly(len(first)) == first
        for number in range(10):
            arrived.put(number)
            assert peer.read_exactly(len(part)) == part
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    upstream.handler = read
    whole = request(path, first + 10 * part)
    client.send(whole[: -10 * len(part)])
    for number in range(10):
        assert arrived.get(timeout=20) == number
        client.send(part)
    assert client.read_head().status == 200
