"""An upstream's errors are the client's to see; an upstream that breaks is told as what it is."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from service.model.query import Outcome
from tests.conformance.peer import Message, Peer, answer, chunk, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Handler, Upstream


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "429 Slow Down", "500 Oops", "529 Busy"])
def test_errors_pass_byte_for_byte(gateway: Gateway, client: Peer, upstream: Upstream, path: str, status: str) -> None:
    """Status, reason, fields and body of an error are the upstream's, and the outcome is ok: it arrived whole."""
    body = b'{"error": {"message": "as the upstream says"}}\n'
    upstream.handler = upstream.records(answer(body, ("Retry-After", "7"), status=status))
    client.send(request(path, b"{}"))
    head, received = client.read_answer()
    assert head.raw == answer(body, ("Retry-After", "7"), status=status)[: -len(body)]
    assert received == body
    end = gateway.log.both(path)[1]
    assert (end.outcome, end.status) == (Outcome.OK, int(status[:3]))


@pytest.mark.parametrize("end", [pytest.param(Peer.close, id="close"), pytest.param(Peer.reset, id="reset")])
def test_no_answer(gateway: Gateway, client: Peer, upstream: Upstream, path: str, end: Callable[[Peer], None]) -> None:
    """An upstream that hangs up before its head is a 502; a POST is not sent twice."""

    def hang_up(peer: Peer, head: Message) -> None:
        upstream.requests.append((head, peer.read_body(head)))
        end(peer)

    upstream.handler = hang_up
    client.send(request(path, b"{}"))
    head, body = client.read_answer()
    assert head.status == 502
    assert msgspec.json.decode(body)["error"]
    assert head.get(b"x-revenuer-request-id")
    assert gateway.log.both(path)[1].outcome is Outcome.UPSTREAM_ERROR
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("framing", ["chunked", "content-length"])
@pytest.mark.parametrize("end", [pytest.param(Peer.close, id="close"), pytest.param(Peer.reset, id="reset")])
def test_answer_broken_off(
    gateway: Gateway, client: Peer, upstream: Upstream, *, path: str, framing: str, end: Callable[[Peer], None]
) -> None:
    """An answer that breaks off breaks off for the client too: no last chunk, no missing bytes made up."""
    got = threading.Event()
    field = "Transfer-Encoding: chunked" if framing == "chunked" else "Content-Length: 100"

    def break_off(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        data = chunk(b"part") if framing == "chunked" else b"part"
        peer.send(f"HTTP/1.1 200 OK\r\n{field}\r\n\r\n".encode() + data)
        assert got.wait(20)
        end(peer)

    upstream.handler = break_off
    client.send(request(path, b"{}"))
    client.read_head()
    assert client.read_exactly(4)
    got.set()
    try:
        rest = client.read_rest()
    except ConnectionResetError:
        rest = b""
    assert b"0\r\n\r\n" not in rest
    end_record = gateway.log.both(path)[1]
    assert (end_record.outcome, end_record.status, end_record.body) == (Outcome.UPSTREAM_RESET, 200, b"part")


def test_answer_to_an_old_client_broken_off(client: Peer, upstream: Upstream, path: str) -> None:
    """Where only the connection's end says that the answer is whole, a broken one ends in a reset."""
    got = threading.Event()

    def break_off(peer: Peer, _: Message) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"part"))
        assert got.wait(20)
        peer.reset()

    upstream.handler = break_off
    client.send(request(path, version="1.0"))
    client.read_head()
    assert client.read_exactly(4) == b"part"
    got.set()
    with pytest.raises(ConnectionResetError):
        client.read_rest()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02 nothing like HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * (2 << 20),
    ],
    ids=["binary", "two-lengths", "length-and-coding", "coding", "switch", "nul", "endless-head"],
)
def test_invalid_answer(client: Peer, upstream: Upstream, path: str, garbage: bytes) -> None:
    """An answer that could be read in two ways is none."""
    upstream.handler = upstream.records(garbage)
    client.send(request(path, b"{}"))
    head, body = client.read_answer()
    assert head.status == 502
    assert b"upstream_invalid" in body


def test_bytes_after_the_answer(client: Peer, upstream: Upstream, path: str) -> None:
    """A second answer that nobody asked for is not given to the next request."""
    upstream.handler = upstream.records(answer(b"mine") + answer(b"whose?"))
    for _ in range(3):
        client.send(request(path, b"{}"))
        assert client.read_answer()[1] == b"mine"


def test_unreachable(start: Callable[..., Gateway], path: str) -> None:
    """An upstream where nobody listens is a 502 in the API's own dialect."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    gateway = start(upstream=f"http://127.0.0.1:{port}")
    client = gateway.connect()
    client.send(request("/v1/messages", b"{}"))
    head, body = client.read_answer()
    assert head.status == 502
    assert msgspec.json.decode(body)["type"] == "error"
    client.send(request(path, b"{}"))
    assert client.read_answer()[0].status == 502
    assert gateway.log.both(path)[1].outcome is Outcome.UPSTREAM_ERROR


def test_early_answer(gateway: Gateway, client: Peer, upstream: Upstream, path: str) -> None:
    """An upstream that refuses before the request's end is heard, and the client is let go after it."""
    upstream.handler = lambda peer, _: peer.send(answer(b"too much", status="413 Too Large"))
    client.send(request(path, chunks=[b"x" * (5 << 20)])[: -len(b"0\r\n\r\n")])
    head, body = client.read_answer()
    assert (head.status, body) == (413, b"too much")
    assert head.get(b"connection") == b"close"
    assert client.ended()
    assert gateway.log.both(path)[1].status == 413


def test_connections_are_kept(client: Peer, upstream: Upstream, path: str) -> None:
    """Many requests of one client share one connection on each side."""
    upstream.handler = upstream.records(answer(b"ok"))
    client.send(request(path))
    client.read_answer()
    before = upstream.connections
    for number in range(200):
        client.send(request(path, b"%d" % number))
        assert client.read_answer()[1] == b"ok"
    assert upstream.connections == before


def test_pipelined_requests(client: Peer, upstream: Upstream, path: str) -> None:
    """Requests sent without waiting are answered in their order."""
    upstream.handler = upstream.records(lambda _, body: answer(b"re " + body))
    client.send(b"".join(request(path, b"%d" % number) for number in range(50)))
    for number in range(50):
        assert client.read_answer()[1] == b"re %d" % number


def test_closing_answer(client: Peer, upstream: Upstream, path: str) -> None:
    """An upstream that closes after each answer closes its own connection, not the client's."""

    def once(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(answer(b"bye", ("Connection", "close")))

    upstream.handler = once
    for _ in range(3):
        client.send(request(path, b"{}"))
        head, body = client.read_answer()
        assert body == b"bye"
        assert head.get(b"connection") is None


def test_client_that_asks_to_close(client: Peer, upstream: Upstream, path: str) -> None:
    """A client that wants the connection closed is told that it is, and it is."""
    upstream.handler = upstream.records(answer(b"ok"))
    client.send(request(path, None, ("Connection", "close")))
    head, body = client.read_answer()
    assert (head.get(b"connection"), body) == (b"close", b"ok")
    assert client.read_rest() == b""


def test_idle_connection_closed_by_the_upstream(client: Peer, upstream: Upstream, path: str) -> None:
    """A kept connection that the upstream has closed is not used again, also for a POST."""
    closed = threading.Event()

    def once(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(answer(b"ok"))
        peer.sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    upstream.handler = once
    for _ in range(20):
        closed.clear()
        client.send(request(path, b"{}"))
        assert client.read_answer()[1] == b"ok"
        assert closed.wait(20)


def test_kept_connection_that_dies_under_a_request(client: Peer, upstream: Upstream, path: str) -> None:
    """Read but unanswered: a GET is sent again on a new connection, a POST is not."""
    for method, expected, times in (("GET", 200, 2), ("POST", 502, 1)):
        answered = upstream.records(answer(b"ok"))
        upstream.handler = answered
        client.send(request(path))
        assert client.read_answer()[0].status == 200
        upstream.requests.clear()

        def die_once(peer: Peer, head: Message, answered: Handler = answered) -> bool | None:
            if upstream.requests:
                return answered(peer, head)
            upstream.requests.append((head, peer.read_body(head)))
            return False

        upstream.handler = die_once
        client.send(request(path, None if method == "GET" else b"{}", method=method))
        assert client.read_answer()[0].status == expected
        assert len(upstream.requests) == times
