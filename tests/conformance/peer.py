"""A raw socket that reads and writes HTTP/1.1 by hand, so that no library hides a byte."""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass

GUARD = 20.0
"""Seconds after which a test that waits for bytes is called hung; no test passes or fails by time."""


@dataclass(frozen=True)
class Message:
    """Start line and fields as they came."""

    start: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    raw: bytes

    @property
    def status(self) -> int:
        return int(self.start.split(b" ")[1])

    @property
    def target(self) -> bytes:
        return self.start.split(b" ")[1]

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name: bytes) -> bytes | None:
        values = self.all(name)
        return values[0] if values else None


class Peer:
    """One side of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(GUARD)
        self._buffer = b""

    @classmethod
    def connect(cls, port: int, *, receive_buffer: int | None = None) -> Peer:
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            sock.connect(("127.0.0.1", port))
        except OSError:
            sock.close()
            raise
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def read_until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._fill()
        found, self._buffer = self._buffer.split(end, 1)
        return found + end

    def read_exactly(self, size: int) -> bytes:
        parts = [self._buffer[:size]]
        self._buffer = self._buffer[size:]
        left = size - len(parts[0])
        while left:
            data = self.sock.recv(min(left, 1 << 20))
            if not data:
                raise EOFError
            parts.append(data)
            left -= len(data)
        return b"".join(parts)

    def read_rest(self) -> bytes:
        """Everything up to a clean end; a reset raises."""
        with contextlib.suppress(EOFError):
            while True:
                self._fill()
        rest, self._buffer = self._buffer, b""
        return rest

    def read_head(self) -> Message:
        raw = self.read_until(b"\r\n\r\n")
        start, *lines = raw[:-4].split(b"\r\n")
        return Message(start, tuple((name, value) for name, _, value in (ln.partition(b": ") for ln in lines)), raw)

    def read_chunk(self) -> bytes:
        """One chunk as framed; empty for the last."""
        size = int(self.read_until(b"\r\n"), 16)
        data = self.read_exactly(size)
        assert self.read_until(b"\r\n") == b"\r\n"
        return data

    def read_body(self, head: Message) -> bytes:
        length = head.get(b"content-length")
        if length is not None:
            return self.read_exactly(int(length))
        if head.get(b"transfer-encoding") == b"chunked":
            return b"".join(iter(self.read_chunk, b""))
        return b""

    def read_answer(self) -> tuple[Message, bytes]:
        head = self.read_head()
        return head, self.read_body(head)

    def ended(self) -> bool:
        """Wait until the other side is gone, by its end or by a reset."""
        try:
            while self.sock.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def _fill(self) -> None:
        data = self.sock.recv(1 << 16)
        if not data:
            raise EOFError(self._buffer)
        self._buffer += data


def request(
    path: str,
    body: bytes | None = None,
    *fields: tuple[str, str],
    method: str = "",
    version: str = "1.1",
    chunks: list[bytes] | None = None,
) -> bytes:
    """A request as bytes; with ``chunks`` framed in them."""
    method = method or ("GET" if body is None and chunks is None else "POST")
    lines = [f"{method} {path} HTTP/{version}", "Host: gateway.test", *(f"{n}: {v}" for n, v in fields)]
    if chunks is not None:
        lines.append("Transfer-Encoding: chunked")
        body = chunked(chunks)
    elif body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def answer(body: bytes = b"{}", *fields: tuple[str, str], status: str = "200 OK") -> bytes:
    """An answer of known length."""
    lines = [f"HTTP/1.1 {status}", *(f"{n}: {v}" for n, v in fields), f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(chunks: list[bytes]) -> bytes:
    """A body of these chunks and the last."""
    return b"".join(chunk(part) for part in [*chunks, b""])


def chunk(data: bytes) -> bytes:
    """One chunk; the last where it is empty."""
    return b"%x\r\n%b\r\n" % (len(data), data)


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
