"""Header fields pass in their order, case and number; those of the connection do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.peer import Peer, answer, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream


def sent(upstream: Upstream) -> list[tuple[bytes, bytes]]:
    """Fields of the first request that the upstream got."""
    return list(upstream.requests[0][0].fields)


def test_request_fields_keep_order_case_and_number(client: Peer, upstream: Upstream, path: str) -> None:
    """What the client wrote is what the upstream reads, behind its own Host."""
    upstream.handler = upstream.records(answer())
    fields = [
        ("x-lower", "1"),
        ("X-UPPER", "2"),
        ("aUTHORIZATION", "Bearer k"),
        ("Accept", "a"),
        ("accept", "b"),
        ("X-Empty", ""),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("X-Latin", "caf\xe9"),
    ]
    client.send(request(path, None, *fields))
    client.read_answer()
    expected = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    head = upstream.requests[0][0]
    received = [field for field in head.fields if field[0].lower() not in (b"host", b"x-revenuer-via")]
    assert [(name.rstrip(b":"), value) for name, value in received] == expected
    assert head.all(b"host") == [b"127.0.0.1:%d" % upstream.port]


def test_nothing_is_added_for_the_client(client: Peer, upstream: Upstream, path: str) -> None:
    """Beside Host and the loop marker the upstream sees no field that the client did not send."""
    upstream.handler = upstream.records(answer())
    client.send(request(path))
    client.read_answer()
    assert {name.lower() for name, _ in sent(upstream)} == {b"host", b"x-revenuer-via"}


def test_answer_fields_keep_order_case_and_number(client: Peer, upstream: Upstream, path: str) -> None:
    """What the upstream wrote is what the client reads, and nothing more."""
    fields = [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X-MiXed", "caf\xe9"), ("Date", "then"), ("Server", "up")]
    upstream.handler = upstream.records(answer(b"ok", *fields, status="299 Quite Fine"))
    client.send(request(path))
    head, _ = client.read_answer()
    assert head.start == b"HTTP/1.1 299 Quite Fine"
    expected = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    assert list(head.fields) == [*expected, (b"Content-Length", b"2")]


def test_hop_by_hop_request_fields_stop_here(client: Peer, upstream: Upstream, path: str) -> None:
    """The connection's own fields, and those that Connection names, are not forwarded."""
    upstream.handler = upstream.records(answer())
    fields = [
        ("Connection", "keep-alive, X-Mine"),
        ("connection", "x-other"),
        ("Keep-Alive", "timeout=5"),
        ("X-Mine", "1"),
        ("X-Other", "2"),
        ("TE", "trailers"),
        ("Trailer", "X-T"),
        ("Proxy-Authorization", "Basic eA=="),
        ("Proxy-Connection", "keep-alive"),
        ("Upgrade", "h2c"),
        ("X-Kept", "3"),
    ]
    client.send(request(path, None, *fields))
    assert client.read_answer()[0].status == 200
    assert {name.lower() for name, _ in sent(upstream)} == {b"host", b"x-revenuer-via", b"x-kept"}


def test_hop_by_hop_answer_fields_stop_here(client: Peer, upstream: Upstream, path: str) -> None:
    """The same on the way back."""
    fields = [("Connection", "X-Mine"), ("X-Mine", "1"), ("Keep-Alive", "timeout=5"), ("X-Kept", "2")]
    upstream.handler = upstream.records(answer(b"ok", *fields))
    client.send(request(path))
    head, body = client.read_answer()
    assert body == b"ok"
    assert [name for name, _ in head.fields] == [b"X-Kept", b"Content-Length"]


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "api-key", "Content-Type", "Host", "Content-Length"])
def test_connection_cannot_strip_the_request(client: Peer, upstream: Upstream, path: str, name: str) -> None:
    """Connection that names a field of the request itself is refused: it would change who asks, or what."""
    client.send(request(path, b"{}", ("Connection", f"close, {name}"), ("Authorization", "Bearer k")))
    head, body = client.read_answer()
    assert head.status == 400
    assert b"connection_names" in body
    assert upstream.connections == 0 or upstream.requests == []


def test_claims_about_the_client_are_dropped(client: Peer, upstream: Upstream, path: str) -> None:
    """A stranger's X-Forwarded-For and the like, underscored names and our own are not passed on."""
    upstream.handler = upstream.records(answer())
    names = ["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "X_Account", "X-Revenuer-Annotation"]
    client.send(request(path, None, *((name, "1.2.3.4") for name in names)))
    assert client.read_answer()[0].status == 200
    assert {name.lower() for name, _ in sent(upstream)} == {b"host", b"x-revenuer-via"}


def test_claims_of_a_trusted_proxy_pass(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """A trusted proxy's claims are passed on, and the right-most address that is no proxy is the client's."""
    upstream.handler = upstream.records(answer())
    gateway = start(identity={"trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"]})
    client = gateway.connect()
    client.send(request(path, None, ("X-Forwarded-For", "6.6.6.6, 203.0.113.9"), ("X-Forwarded-For", "10.0.0.1")))
    client.read_answer()
    assert upstream.requests[0][0].all(b"x-forwarded-for") == [b"6.6.6.6, 203.0.113.9", b"10.0.0.1"]
    assert gateway.log.both(path)[0].ip_prefix == "203.0.113.0/24"


@pytest.mark.parametrize("query", ["", "?", "?a=1&a=2", "?q=%20%2F+x", "?k=/../x", "?a=?b", "?%zz"])
def test_target_passes_byte_for_byte(client: Peer, upstream: Upstream, path: str, query: str) -> None:
    """Path and query string are neither decoded nor tidied."""
    upstream.handler = upstream.records(answer())
    target = f"{path}//a%2Fb;c=d%20e/~{query}"
    client.send(request(target))
    client.read_answer()
    assert upstream.requests[0][0].target == target.encode()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_pass(client: Peer, upstream: Upstream, path: str, method: str) -> None:
    """Every method passes, with and without a body."""
    upstream.handler = upstream.records(answer(b"done"))
    for body in (None, b"{}"):
        client.send(request(path, body, method=method))
        assert client.read_answer()[1] == b"done"
    assert [head.start.split()[0] for head, _ in upstream.requests] == [method.encode()] * 2
    assert [body for _, body in upstream.requests] == [b"", b"{}"]


def test_head_has_no_body(client: Peer, upstream: Upstream, path: str) -> None:
    """HEAD's answer keeps its Content-Length and has no body, and the connections go on on both sides."""
    upstream.handler = upstream.records(
        lambda head, _: answer(b"x" * 100)[: -100 if head.start.startswith(b"HEAD") else None]
    )
    for _ in range(2):
        client.send(request(path, method="HEAD"))
        assert client.read_head().get(b"content-length") == b"100"
        client.send(request(path))
        assert client.read_answer()[1] == b"x" * 100
    assert upstream.connections <= 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_bodiless_statuses(client: Peer, upstream: Upstream, path: str, status: str) -> None:
    """204 and 304 have no body and no invented framing."""
    upstream.handler = upstream.records(f"HTTP/1.1 {status}\r\nETag: x\r\n\r\n".encode())
    for _ in range(2):
        client.send(request(path))
        assert client.read_head().fields == ((b"ETag", b"x"),)


def test_longest_prefix_wins(start: Callable[..., Gateway], upstream: Upstream) -> None:
    """A map sends each path to the upstream of its longest prefix, which the URL's path replaces."""
    upstream.handler = upstream.records(answer())
    base = f"http://127.0.0.1:{upstream.port}"
    gateway = start(upstream={"/": f"{base}/all/", "/a": f"{base}/v1", "/a/b": base})
    client = gateway.connect()
    for path in ("/x", "/a/chat?q=1", "/a/b/chat", "/ab/chat", "/a"):
        client.send(request(path))
        client.read_answer()
    targets = [head.target for head, _ in upstream.requests]
    assert targets == [b"/all/x", b"/v1/chat?q=1", b"/chat", b"/all/ab/chat", b"/v1"]


def test_no_route(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """A path that no prefix covers is a 404 of the gateway's own."""
    gateway = start(upstream={"/openai": f"http://127.0.0.1:{upstream.port}"})
    client = gateway.connect()
    client.send(request(path))
    head, body = client.read_answer()
    assert head.status == 404
    assert b"unknown_route" in body


def test_loop_is_noticed(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """A request that comes back through the gateway's own upstream is a 508."""
    inner = start()
    outer = start(upstream=f"http://127.0.0.1:{inner.port}")
    client = outer.connect()
    client.send(request(path))
    head, body = client.read_answer()
    assert head.status == 508
    assert b"loop" in body
    assert upstream.requests == []


def test_expect_continue(client: Peer, upstream: Upstream, path: str) -> None:
    """A client that asks first is told to go on, and the upstream is not asked."""
    upstream.handler = upstream.records(answer(b"got it"))
    head, body = request(path, b"hello", ("Expect", "100-continue")).split(b"\r\n\r\n")
    client.send(head + b"\r\n\r\n")
    assert client.read_head().start == b"HTTP/1.1 100 Continue"
    client.send(body)
    assert client.read_answer()[1] == b"got it"
    assert upstream.requests[0][0].get(b"expect") is None


def test_expect_continue_is_not_answered_when_refused(
    start: Callable[..., Gateway], upstream: Upstream, path: str
) -> None:
    """A body that will not be taken is not asked for."""
    gateway = start(limits={"body": 1024})
    client = gateway.connect()
    client.send(request(path, b"x" * 2000, ("Expect", "100-continue"))[:-2000])
    assert client.read_head().status == 413
    assert upstream.requests == []


def test_informational_answers_are_not_the_answer(client: Peer, upstream: Upstream, path: str) -> None:
    """What an upstream says before its answer does not stand for it."""
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    upstream.handler = upstream.records(early + answer(b"late", ("X-A", "b")))
    client.send(request(path, b"{}"))
    head, body = client.read_answer()
    assert (head.status, body) == (200, b"late")
    assert head.get(b"link") is None
