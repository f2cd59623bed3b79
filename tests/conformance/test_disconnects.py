"""A client that leaves stops the upstream at once, at whatever stage, and the log knows."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING

import pytest

from service.model.query import Outcome
from tests.conformance.peer import STREAM, Message, Peer, chunk, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream

LEAVE = [pytest.param(Peer.close, id="close"), pytest.param(Peer.reset, id="reset")]


@pytest.mark.parametrize("leave", LEAVE)
def test_before_the_body_is_complete(
    gateway: Gateway, client: Peer, upstream: Upstream, path: str, leave: Callable[[Peer], None]
) -> None:
    """A request that was never whole is not forwarded, and is logged as far as it came."""
    client.send(request(path, b"x" * 1000)[:-1])
    leave(client)
    start, end = gateway.log.both(path)
    assert (end.outcome, end.status, end.ttft) == (Outcome.CLIENT_GONE, 0, -1)
    assert not start.full
    assert start.size == 1000
    assert upstream.connections == 0 or upstream.requests == []


@pytest.mark.parametrize("leave", LEAVE)
def test_before_the_head(
    gateway: Gateway, client: Peer, upstream: Upstream, path: str, leave: Callable[[Peer], None]
) -> None:
    """The upstream that is still thinking sees its connection close."""
    asked, gone = threading.Event(), threading.Event()

    def think(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        asked.set()
        assert peer.ended()
        gone.set()

    upstream.handler = think
    client.send(request(path, b"{}"))
    assert asked.wait(20)
    leave(client)
    assert gone.wait(20)
    start, end = gateway.log.both(path)
    assert start.full
    assert (end.outcome, end.status, end.ttft) == (Outcome.CLIENT_GONE, 0, -1)


@pytest.mark.parametrize("leave", LEAVE)
def test_within_a_stream(
    gateway: Gateway, client: Peer, upstream: Upstream, path: str, leave: Callable[[Peer], None]
) -> None:
    """A stream that was begun and is silent is cut, and its record holds what was sent."""
    gone = threading.Event()

    def stream(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(STREAM + chunk(b"data: 1\n\n"))
        assert peer.ended()
        gone.set()

    upstream.handler = stream
    client.send(request(path, b"{}"))
    client.read_head()
    assert client.read_chunk() == b"data: 1\n\n"
    leave(client)
    assert gone.wait(20)
    _, end = gateway.log.both(path)
    assert (end.outcome, end.status, end.body) == (Outcome.CLIENT_GONE, 200, b"data: 1\n\n")
    assert end.ttft >= 0


def test_never_ending_stream(gateway: Gateway, client: Peer, upstream: Upstream, path: str) -> None:
    """An upstream that would send for ever is stopped when nobody reads any more."""
    gone = threading.Event()

    def flood(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(STREAM)
        try:
            while True:
                peer.send(chunk(b"data: more\n\n" * 100))
        except ConnectionError:
            gone.set()

    upstream.handler = flood
    client.send(request(path, b"{}"))
    client.read_head()
    client.read_chunk()
    client.close()
    assert gone.wait(20)
    assert gateway.log.both(path)[1].outcome is Outcome.CLIENT_GONE


def test_within_a_large_request(gateway: Gateway, client: Peer, upstream: Upstream, path: str) -> None:
    """A streamed request that breaks off does not look whole to the upstream."""
    begun, gone = threading.Event(), threading.Event()

    def read(peer: Peer, _: Message) -> None:
        peer.read_exactly(4 << 20)
        begun.set()
        assert peer.ended()
        gone.set()

    upstream.handler = read
    client.send(request(path, chunks=[b"x" * (5 << 20)])[: -len(b"0\r\n\r\n")])
    assert begun.wait(20)
    client.close()
    assert gone.wait(20)
    start, end = gateway.log.both(path)
    assert (start.full, len(start.body)) == (False, 4 << 20)
    assert end.outcome is Outcome.CLIENT_GONE


def test_many_at_random_points(gateway: Gateway, upstream: Upstream, path: str) -> None:
    """Of a hundred streams cut somewhere, each closes its upstream connection and has its end record."""
    begun: queue.SimpleQueue[Peer] = queue.SimpleQueue()
    gone = threading.Semaphore(0)

    def stream(peer: Peer, head: Message) -> None:
        begun.put(peer)
        with contextlib.suppress(ConnectionError):
            peer.read_body(head)
            peer.send(STREAM + b"".join(chunk(b"data: %d\n\n" % n) for n in range(50)))
        assert peer.ended()
        gone.release()

    upstream.handler = stream
    for number in range(100):
        client = gateway.connect()
        client.send(request(f"{path}/{number}", b"{}"))
        if number % 3:
            client.read_head()
        if number % 3 == 2:
            client.read_exactly(1 + 4 * number)
        client.close()
    for number in range(100):
        assert gateway.log.both(f"{path}/{number}")[1].outcome is Outcome.CLIENT_GONE
    assert begun.qsize() >= 66
    assert all(gone.acquire(timeout=20) for _ in range(begun.qsize()))
