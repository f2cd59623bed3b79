"""A client that is too slow is told so and let go; the deadlines are short here so that nobody waits."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from service.model.query import Outcome
from tests.conformance.peer import Message, Peer, answer, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream

SHORT = {"header_timeout": 0.2, "body_timeout": 0.2}


@pytest.fixture
def impatient(start: Callable[..., Gateway]) -> Gateway:
    """A gateway whose deadlines are short."""
    return start(limits=SHORT)


@pytest.mark.parametrize("partial", [b"G", b"GET /a HTTP/1.1\r\nHost: x\r\nX-"])
def test_head_without_end(impatient: Gateway, partial: bytes) -> None:
    """A head that does not become whole is a 408."""
    client = impatient.connect()
    client.send(partial)
    head, body = client.read_answer()
    assert head.status == 408
    assert b"header_timeout" in body
    assert client.read_rest() == b""


def test_head_without_end_on_a_used_connection(impatient: Gateway, upstream: Upstream, path: str) -> None:
    """The deadline holds for every request of a connection, from its first byte."""
    upstream.handler = upstream.records(answer())
    client = impatient.connect()
    for _ in range(2):
        client.send(request(path))
        assert client.read_answer()[0].status == 200
    client.send(b"GET /a HT")
    assert client.read_answer()[0].status == 408
    assert client.read_rest() == b""


def test_dripping_head(impatient: Gateway) -> None:
    """Bytes that keep coming do not put the deadline off."""
    client = impatient.connect()
    stop = threading.Event()

    def drip() -> None:
        client.send(b"GET /a HTTP/1.1\r\nX-A: ")
        while not stop.wait(0.02):
            client.send(b"a")

    thread = threading.Thread(target=drip)
    thread.start()
    assert client.read_head().status == 408
    stop.set()
    thread.join()


@pytest.mark.parametrize("framing", ["content-length", "chunked"])
def test_silent_body(impatient: Gateway, upstream: Upstream, path: str, framing: str) -> None:
    """A body that stands still is a 408, is logged, and does not reach the upstream."""
    upstream.handler = upstream.records(answer())
    client = impatient.connect()
    whole = request(path, b"x" * 50) if framing == "content-length" else request(path, chunks=[b"x" * 50])
    client.send(whole[:-45])
    head, body = client.read_answer()
    assert head.status == 408
    assert b"body_timeout" in body
    assert client.read_rest() == b""
    start, end = impatient.log.both(path)
    assert (start.full, end.outcome, end.status) == (False, Outcome.REFUSED, 408)
    assert upstream.requests == []


def test_dripping_body(impatient: Gateway, upstream: Upstream, path: str) -> None:
    """A body that comes at a crawl holds nothing for long either."""
    client = impatient.connect()
    stop = threading.Event()

    def drip() -> None:
        client.send(request(path, b"x" * 500)[:-500])
        while not stop.wait(0.05):
            client.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    assert client.read_head().status == 408
    stop.set()
    thread.join()
    assert upstream.requests == []


def test_slow_upstream_is_not_the_clients_fault(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """A body that waits because the upstream does not take it is not late."""
    taken = threading.Event()

    def dawdle(peer: Peer, head: Message) -> bool:
        assert taken.wait(20)
        body = peer.read_body(head)
        peer.send(answer(b"%d" % len(body)))
        return True

    upstream.handler = dawdle
    gateway = start(limits={"body_timeout": 1.0, "capture_request": 1024})
    client = gateway.connect()
    size = 40 << 20
    sender = threading.Thread(target=client.send, args=(request(path, b"x" * size),))
    sender.start()
    # Longer than two deadlines; the sleep is the upstream's, not the test's measure.
    threading.Event().wait(2.2)
    taken.set()
    assert client.read_answer()[1] == b"%d" % size
    sender.join()


def test_answer_that_does_not_begin(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """An upstream that does not answer is a 504, and its connection is cut."""
    gone = threading.Event()

    def sleep(peer: Peer, _: Message) -> None:
        assert peer.ended()
        gone.set()

    upstream.handler = sleep
    gateway = start(limits={"answer_timeout": 0.2})
    client = gateway.connect()
    client.send(request(path))
    head, body = client.read_answer()
    assert head.status == 504
    assert b"upstream_timeout" in body
    assert gone.wait(20)
    assert gateway.log.both(path)[1].outcome is Outcome.UPSTREAM_ERROR


def test_answer_that_falls_silent(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """An answer that stops in the middle is broken off, not ended."""

    def stop(peer: Peer, _: Message) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        assert peer.ended()

    upstream.handler = stop
    gateway = start(limits={"idle_timeout": 0.2})
    client = gateway.connect()
    client.send(request(path))
    client.read_head()
    assert client.read_rest() == b"3\r\nabc\r\n"
    assert gateway.log.both(path)[1].outcome is Outcome.UPSTREAM_RESET


def test_too_many_connections(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """Beyond the cap a connection is refused at once; the others are served."""
    upstream.handler = upstream.records(answer())
    gateway = start(limits={"connections": 2})
    first, second = gateway.connect(), gateway.connect()
    for client in (first, second):
        client.send(request(path))
        assert client.read_answer()[0].status == 200
    third = gateway.connect()
    assert third.read_head().status == 503
    first.send(request(path))
    assert first.read_answer()[0].status == 200
    for client in (first, second, third):
        client.close()
