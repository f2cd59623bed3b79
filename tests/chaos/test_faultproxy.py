"""Each fault as a client sees it, over a real server that gives back what it gets."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from typing import TYPE_CHECKING

import pytest

from tests.chaos.faultproxy import BLACK_HOLE, NONE, REFUSED, Fault, FaultProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

MOMENT = 0.3
"""Seconds that a test waits for what must not come."""
PATIENCE = 30.0
FOREVER = 3600.0


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """A proxy in front of the echo."""
    with Server(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with FaultProxy(server.server_address[1]) as made:
            yield made
        server.shutdown()


def connect(proxy: FaultProxy) -> socket.socket:
    """A client."""
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE)
    client.settimeout(PATIENCE)
    return client


def received(client: socket.socket, size: int) -> bytes:
    """Exactly that many bytes."""
    data = b""
    while len(data) < size:
        piece = client.recv(size - len(data))
        assert piece, "the connection was closed"
        data += piece
    return data


def send_all(client: socket.socket, data: bytes) -> None:
    """The data and then the end of the stream."""
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)


def silent(client: socket.socket) -> bool:
    """Whether nothing comes for a moment."""
    client.settimeout(MOMENT)
    try:
        return not client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(PATIENCE)


def test_bytes_go_through_untouched(proxy: FaultProxy) -> None:
    """Without a fault a megabyte comes back as it was sent, and the end of the stream goes through as well."""
    sent = bytes(range(256)) * 4096
    with connect(proxy) as client:
        threading.Thread(target=send_all, args=(client, sent), daemon=True).start()
        assert received(client, len(sent)) == sent
        assert client.recv(1) == b""
    assert proxy.carried >= 2 * len(sent)


@pytest.mark.parametrize("fault", [BLACK_HOLE, Fault(latency=FOREVER), Fault(bandwidth=0.001)], ids=str)
def test_what_is_held_back_comes_when_the_fault_is_lifted(proxy: FaultProxy, fault: Fault) -> None:
    """A connection that was open, and one that is made meanwhile, hear nothing, and then all of it."""
    with connect(proxy) as before:
        before.sendall(b"warm")
        assert received(before, 4) == b"warm"
        proxy.inject(fault)
        with connect(proxy) as meanwhile:
            for client in (before, meanwhile):
                client.sendall(b"hello")
            assert silent(before)
            assert silent(meanwhile)
            proxy.lift()
            assert received(before, 5) == received(meanwhile, 5) == b"hello"


def test_slices_arrive_one_by_one(proxy: FaultProxy) -> None:
    """Of a message cut into pieces of three bytes the first comes alone while the second is held back."""
    with connect(proxy) as client:
        proxy.inject(Fault(slices=3, latency=MOMENT))
        client.sendall(b"abcdef")
        assert client.recv(6) == b"abc"
        assert received(client, 3) == b"def"


def test_a_limit_resets_the_connection_in_the_middle(proxy: FaultProxy) -> None:
    """The bytes up to the limit arrive, then the connection is reset; the next one has its own count."""
    proxy.inject(Fault(limit=4))
    for _ in range(2):
        with connect(proxy) as client:
            client.sendall(b"abcdef")
            with pytest.raises(ConnectionResetError):
                received(client, 6)
    proxy.lift()
    with connect(proxy) as client:
        client.sendall(b"abcdef")
        assert received(client, 6) == b"abcdef"


def test_refused_is_nobody_there(proxy: FaultProxy) -> None:
    """Open connections are reset and new ones refused; afterwards the same port serves again."""
    with connect(proxy) as client:
        client.sendall(b"warm")
        assert received(client, 4) == b"warm"
        proxy.inject(REFUSED)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.inject(NONE)
    with connect(proxy) as client:
        client.sendall(b"again")
        assert received(client, 5) == b"again"


def test_a_server_that_is_gone_resets() -> None:
    """Where the proxied server does not listen, the client is reset rather than left waiting."""
    with FaultProxy(1) as nowhere, pytest.raises(ConnectionResetError), connect(nowhere) as client:
        client.recv(1)
