"""An upstream of the suite's own: sockets and threads, does exactly what a test says, records what it got."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from tests.conformance.peer import Message, Peer, answer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Handler = Callable[[Peer, Message], bool | None]


class Upstream:
    """Listens until closed; each request on each connection is given to ``handler``.

    A handler reads the rest of the request and answers. True keeps the connection for the next request.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.handler: Handler = echo
        self.requests: list[tuple[Message, bytes]] = []
        self.connections = 0
        self.failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._peers: list[Peer] = []
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for peer in self._peers:
            peer.close()

    def reset(self) -> None:
        """Forget what earlier tests did."""
        self.handler = echo
        self.requests.clear()
        self.failures.clear()
        self.connections = 0

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                peer = Peer(self._tls.wrap_socket(sock, server_side=True) if self._tls else sock)
            except OSError:
                # A client that does not trust the certificate says so and leaves.
                sock.close()
                continue
            self._peers.append(peer)
            thread = threading.Thread(target=self._serve, args=(peer,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        while True:
            try:
                # No guard here: an idle connection may wait for long.
                peer.sock.settimeout(None)
                head = peer.read_head()
                peer.sock.settimeout(20)
            except (EOFError, OSError):
                break
            try:
                if not self.handler(peer, head):
                    break
            except BaseException as error:  # noqa: BLE001 - told to the test's thread
                self.failures.append(error)
                break
        peer.close()

    def records(self, respond: bytes | Callable[[Message, bytes], bytes]) -> Handler:
        """A handler that reads the whole request, keeps it, and answers."""

        def handle(peer: Peer, head: Message) -> bool:
            body = peer.read_body(head)
            self.requests.append((head, body))
            peer.send(respond if isinstance(respond, bytes) else respond(head, body))
            return True

        return handle


def echo(peer: Peer, head: Message) -> bool:
    """Answers with the body it got."""
    peer.send(answer(peer.read_body(head)))
    return True
