"""What could be read in two ways, has no end, or is too large gets a clear 4xx, and the connection is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.conformance.peer import Peer, answer, request

if TYPE_CHECKING:
    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream

POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

BAD = {
    "length-and-coding": (400, POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED),
    "coding-and-length": (400, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED),
    "lengths-differ": (400, POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhelloX"),
    "lengths-equal": (400, POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    "length-list": (400, POST + b"Content-Length: 5, 5\r\n\r\nhello"),
    "length-plus": (400, POST + b"Content-Length: +5\r\n\r\nhello"),
    "length-minus": (400, POST + b"Content-Length: -1\r\n\r\n"),
    "length-hex": (400, POST + b"Content-Length: 0x5\r\n\r\nhello"),
    "length-empty": (400, POST + b"Content-Length:\r\n\r\n"),
    "length-20-digits": (400, POST + b"Content-Length: 99999999999999999999\r\n\r\nhello"),
    "length-19-digits": (413, POST + b"Content-Length: 9999999999999999999\r\n\r\nhello"),
    "coding-unknown": (400, POST + b"Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "coding-vertical-tab": (400, POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "coding-space-colon": (400, POST + b"Transfer-Encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "coding-gzip-chunked": (400, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "coding-chunked-twice": (400, POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "coding-identity": (400, POST + b"Transfer-Encoding: identity\r\n\r\n"),
    "coding-on-1.0": (400, CHUNKED.replace(b"1.1", b"1.0") + b"5\r\nhello\r\n0\r\n\r\n"),
    "chunk-negative": (400, CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n"),
    "chunk-hex-prefix": (400, CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk-long-size": (400, CHUNKED + b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "chunk-bad-end": (400, CHUNKED + b"5\r\nhelloXX0\r\n\r\n"),
    "chunk-extension-lf": (400, CHUNKED + b"5;\nxx\r\nhello\r\n0\r\n\r\n"),
    "bare-lf": (400, b"GET /a HTTP/1.1\nHost: x\n\n"),
    "bare-cr": (400, GET + b"X-A: a\rb\r\n\r\n"),
    "nul-in-value": (400, GET + b"X-A: a\x00b\r\n\r\n"),
    "obs-fold": (400, GET + b"X-A: a\r\n b\r\n\r\n"),
    "space-before-name": (400, b"GET /a HTTP/1.1\r\n Host: x\r\n\r\n"),
    "space-in-name": (400, GET + b"X A: a\r\n\r\n"),
    "no-host": (400, b"GET /a HTTP/1.1\r\n\r\n"),
    "two-hosts": (400, GET + b"Host: y\r\n\r\n"),
    "absolute-form": (400, b"GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n"),
    "authority-form": (400, b"GET x:80 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "asterisk-form": (400, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
    "connect": (405, b"CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "http2-preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "http-1.2": (400, b"GET /a HTTP/1.2\r\nHost: x\r\n\r\n"),
    "http-0.9": (400, b"GET /a\r\n\r\n"),
    "tls": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32 + b"\r\n\r\n"),
    "unknown-method": (400, b"BREW /a HTTP/1.1\r\nHost: x\r\n\r\n"),
    "header-64-kb": (431, GET + b"X-A: " + b"a" * 65536 + b"\r\n\r\n"),
    "header-1-mb": (431, GET + b"X-A: " + b"a" * (1 << 20) + b"\r\n\r\n"),
    "target-1-mb": (431, b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "header-without-end": (431, GET + b"X-A: " + b"a" * (1 << 20)),
    "token-100-kb": (431, GET + b"Authorization: Bearer " + b"a" * 100_000 + b"\r\n\r\n"),
    "2000-headers": (431, GET + b"".join(b"X-%d: a\r\n" % i for i in range(2000)) + b"\r\n"),
    "space-in-target": (400, b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "nul-in-target": (400, b"GET /a\x00b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "utf-8-in-target": (400, b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "fragment": (400, b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "encoded-nul": (400, b"GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "backslash": (400, b"GET /a\\..\\b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "encoded-backslash": (400, b"GET /a%5c..%5Cb HTTP/1.1\r\nHost: x\r\n\r\n"),
    "dots": (400, b"GET /a/../../admin HTTP/1.1\r\nHost: x\r\n\r\n"),
    "dots-at-end": (400, b"GET /a/.. HTTP/1.1\r\nHost: x\r\n\r\n"),
    "one-dot": (400, b"GET /a/./b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "encoded-dots": (400, b"GET /a/%2e%2E/b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "half-encoded-dots": (400, b"GET /a/.%2e/b?x HTTP/1.1\r\nHost: x\r\n\r\n"),
    "dots-with-parameter": (400, b"GET /a/..;x/b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "expectation": (417, GET + b"Expect: the-unexpected\r\n\r\n"),
    "two-authorizations": (400, GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"),
    "two-keys": (400, GET + b"Authorization: Bearer a\r\nx-api-key: b\r\n\r\n"),
}


@pytest.mark.parametrize(("status", "data"), BAD.values(), ids=BAD.keys())
def test_bad_request(client: Peer, upstream: Upstream, status: int, data: bytes) -> None:
    """It is answered once, in JSON, the connection ends, and the upstream never heard of it."""
    upstream.handler = upstream.records(answer())
    client.send(data)
    head, body = client.read_answer()
    assert head.status == status
    assert head.get(b"connection") == b"close"
    assert head.get(b"x-revenuer-request-id")
    error = msgspec.json.decode(body)["error"]
    assert error["code"] or error["type"]
    assert error["message"]
    assert client.read_rest() == b""
    assert upstream.requests == []


def test_websocket(client: Peer, upstream: Upstream) -> None:
    """A websocket is refused, not half forwarded."""
    client.send(GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n")
    head, body = client.read_answer()
    assert head.status == 426
    assert b"websocket" in body
    assert upstream.requests == []


def test_h2c_is_ignored(client: Peer, upstream: Upstream, path: str) -> None:
    """A client that offers h2c is served over HTTP/1.1, body and all, and its next request too."""
    upstream.handler = upstream.records(answer(b"1.1"))
    offer = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]
    for body in (b"{}", None, b"again"):
        client.send(request(path, body, *offer))
        assert client.read_answer()[1] == b"1.1"
    assert [body for _, body in upstream.requests] == [b"{}", b"", b"again"]
    assert {name.lower() for name, _ in upstream.requests[1][0].fields} == {b"host", b"x-revenuer-via"}


def test_trailers_stay_behind(client: Peer, upstream: Upstream, path: str) -> None:
    """Trailer fields become part of neither this request nor the next."""
    upstream.handler = upstream.records(answer())
    trailers = b"Authorization: Bearer late\r\nX-Late: 1\r\n"
    client.send(request(path, chunks=[b"hi"])[:-2] + trailers + b"\r\n" + request(path))
    for _ in range(2):
        assert client.read_answer()[0].status == 200
    assert [body for _, body in upstream.requests] == [b"hi", b""]
    names = {name.lower() for head, _ in upstream.requests for name, _ in head.fields}
    assert names == {b"host", b"x-revenuer-via", b"transfer-encoding"}


def test_many_pipelined_bad_ones(gateway: Gateway, upstream: Upstream, path: str) -> None:
    """A bad request behind good ones is refused after their answers, not in the middle of them."""
    upstream.handler = upstream.records(answer(b"good"))
    client = gateway.connect()
    client.send(request(path + "/1") + request(path + "/2") + b"GET nonsense\r\n\r\n")
    assert client.read_answer()[1] == b"good"
    assert client.read_answer()[1] == b"good"
    head, _ = client.read_answer()
    assert head.status == 400
    assert client.read_rest() == b""
