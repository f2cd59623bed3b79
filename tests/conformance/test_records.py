"""Every query has a start record before it is forwarded and an end record after it, whatever happens between."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import re
import select
import signal
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING

import pytest

from service.gateway import server
from service.model.query import End, Outcome, Start
from tests.conformance.peer import STREAM, Message, Peer, answer, chunk, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream


def test_both_records(gateway: Gateway, client: Peer, upstream: Upstream, path: str) -> None:
    """They hold the request and the answer as they were, and the allow-listed fields alone."""
    fields = [("User-Agent", "suite/1"), ("Content-Type", "application/json"), ("X-Private", "no"), ("Cookie", "no")]
    upstream.handler = upstream.records(answer(b'{"a": 1}', ("Content-Type", "application/json; x=y")))
    client.send(request(path + "?secret=1", b'{"q": 1}', *fields))
    client.read_answer()
    start, end = gateway.log.both(path)
    assert (start.method, start.path, start.body, start.size, start.full) == ("POST", path, b'{"q": 1}', 8, True)
    assert start.ip_prefix == "127.0.0.0/24"
    fingerprint = start.headers.pop("x-revenuer-client")
    assert re.fullmatch("[0-9a-f]{16}", fingerprint)
    assert start.headers == {"user-agent": "suite/1", "content-type": "application/json"}
    assert (end.status, end.outcome, end.body, end.size, end.full) == (200, Outcome.OK, b'{"a": 1}', 8, True)
    assert (end.content_type, end.encoding) == ("application/json; x=y", "")
    assert start.at < end.at
    assert int.from_bytes(start.id[:6], "big") == start.at // 1000


def test_start_comes_before_the_upstream_is_asked(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """With a log that answers late, the upstream hears nothing before."""
    upstream.handler = upstream.records(answer())
    gateway = start(log={"wait": 30, "failure_mode": "open"})
    held: list[tuple[asyncio.Future[bool], asyncio.AbstractEventLoop]] = []
    queued = threading.Event()

    def hold(future: asyncio.Future[bool]) -> None:
        held.append((future, asyncio.get_running_loop()))
        queued.set()

    gateway.log.answer = hold
    client = gateway.connect()
    client.send(request(path, b"{}"))
    assert queued.wait(20)
    assert not select.select([client.sock], [], [], 0.2)[0]
    assert upstream.requests == []
    future, loop = held[0]
    gateway.log.answer = lambda future: future.set_result(True)
    loop.call_soon_threadsafe(future.set_result, True)
    assert client.read_answer()[0].status == 200


@pytest.mark.parametrize("wait", [0, 0.005])
def test_log_that_does_not_answer(start: Callable[..., Gateway], path: str, wait: float) -> None:
    """In open mode a request does not wait for it longer than the setting says."""
    gateway = start(log={"wait": wait})
    gateway.log.answer = lambda _: None
    client = gateway.connect()
    client.send(request(path, b"{}"))
    assert client.read_answer()[0].status == 200


@pytest.mark.parametrize(("mode", "status"), [("open", 200), ("closed", 503)])
def test_log_that_cannot(start: Callable[..., Gateway], upstream: Upstream, path: str, mode: str, status: int) -> None:
    """A query that cannot be logged is served in open mode and refused in closed mode."""
    upstream.handler = upstream.records(answer())
    gateway = start(log={"failure_mode": mode})
    gateway.log.answer = lambda future: future.set_result(False)
    client = gateway.connect()
    client.send(request(path, b"{}"))
    head, body = client.read_answer()
    assert head.status == status
    assert (head.get(b"retry-after") is not None) == (mode == "closed")
    assert (b"log_unavailable" in body) == (mode == "closed")
    assert len(upstream.requests) == (1 if mode == "open" else 0)


def test_large_request(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """Of a request above the capture limit the record has the head, its digest and the declared size."""
    upstream.handler = upstream.records(answer())
    gateway = start(limits={"capture_request": 2048})
    client, body = gateway.connect(), os.urandom(100_000)
    client.send(request(path, body))
    client.read_answer()
    record = gateway.log.both(path)[0]
    assert (record.body, record.size, record.full) == (body[:2048], 100_000, False)
    assert record.digest == hashlib.blake2b(body[:2048], digest_size=16).digest()
    assert upstream.requests[0][1] == body


def test_large_answer(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """Of an answer above the capture limit the record has the first and the last half."""
    body = os.urandom(100_001)
    upstream.handler = upstream.records(answer(body))
    gateway = start(limits={"capture_response": 2001})
    client = gateway.connect()
    client.send(request(path, b"{}"))
    assert client.read_answer()[1] == body
    end = gateway.log.both(path)[1]
    assert (end.body, end.size, end.full) == (body[:1000] + body[-1001:], 100_001, False)


def test_times_rise(gateway: Gateway, client: Peer, upstream: Upstream, path: str) -> None:
    """No two end records of a gateway have the same time, and none goes back."""
    upstream.handler = upstream.records(answer())
    client.send(b"".join(request(f"{path}/{number}", b"{}") for number in range(100)))
    for _ in range(100):
        client.read_answer()
    gateway.log.both(f"{path}/99")
    times = [record.at for record in gateway.log.records if isinstance(record, End)]
    assert all(a < b for a, b in itertools.pairwise(times))


def test_health(client: Peer, upstream: Upstream) -> None:
    """The reserved paths are the gateway's own, and not logged."""
    upstream.handler = upstream.records(answer())
    for path in ("/-/healthz", "/-/readyz"):
        client.send(request(path))
        head, body = client.read_answer()
        assert (head.status, body) == (200, b'{"status":"ok"}')
    client.send(request("/-/nothing"))
    assert client.read_answer()[0].status == 404
    assert upstream.requests == []


def test_stop_lets_streams_finish(start: Callable[..., Gateway], upstream: Upstream, path: str) -> None:
    """A gateway that stops takes no new connection, ends the stream under way, then closes the log."""
    finish = threading.Event()

    def stream(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(STREAM + chunk(b"data: 1\n\n"))
        assert finish.wait(20)
        peer.send(chunk(b"data: 2\n\n") + chunk(b""))

    upstream.handler = stream
    gateway = start()
    client, idle = gateway.connect(), gateway.connect()
    client.send(request(path, b"{}"))
    client.read_head()
    assert client.read_chunk() == b"data: 1\n\n"
    gateway.stopping()
    assert idle.read_rest() == b""
    with pytest.raises(ConnectionRefusedError):
        gateway.connect()
    finish.set()
    assert client.read_chunk() == b"data: 2\n\n"
    assert client.read_chunk() == b""
    assert client.read_rest() == b""
    gateway.stop()
    assert gateway.log.closed
    assert [type(record) for record in gateway.log.records] == [Start, End]
    for peer in (client, idle):
        peer.close()


def test_stop_cuts_what_does_not_finish(
    start: Callable[..., Gateway], upstream: Upstream, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream without end is broken off after the grace, and its end record comes before the log closes."""
    gone = threading.Event()

    def stream(peer: Peer, head: Message) -> None:
        peer.read_body(head)
        peer.send(STREAM + chunk(b"data: 1\n\n"))
        assert peer.ended()
        gone.set()

    upstream.handler = stream
    monkeypatch.setattr(server, "GRACE", 0.2)
    gateway = start()
    client = gateway.connect()
    client.send(request(path, b"{}"))
    client.read_head()
    assert client.read_chunk() == b"data: 1\n\n"
    gateway.stopping()
    assert client.read_rest() == b""
    assert gone.wait(20)
    gateway.stop()
    assert gateway.log.closed
    assert [type(record) for record in gateway.log.records] == [Start, End]
    assert gateway.log.both(path)[1].outcome is Outcome.UNKNOWN


PROGRAM = """
    import asyncio, uvloop
    from service.gateway import server
    from service.settings import Settings
    from tests.conformance.gateway import SECRETS, Log, Table
    settings = Settings.model_validate({"listen": "127.0.0.1:0", "upstream": "http://127.0.0.1:9"})
    app = server.build(settings, sink=Log(), decisions=Table(), dialects=None, secrets=SECRETS)
    async def main():
        asyncio.get_running_loop().call_later(0.2, lambda: print("up", flush=True))
        await server.serve(settings, app)
    uvloop.run(main())
    print("down", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_process_well(number: signal.Signals) -> None:
    """A signal stops the process in order, with exit status 0."""
    code = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert process.stdout.read() == "down\n"
    assert process.returncode == 0
