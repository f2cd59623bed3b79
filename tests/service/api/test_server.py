"""The control plane over a real socket: what only a socket shows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING

import pytest
import uvicorn

from service.api.server import HEADER_BYTES, Protocol, config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.service.api.conftest import Plane


@contextlib.asynccontextmanager
async def served(plane: Plane) -> AsyncIterator[int]:
    """The plane on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config(plane.settings, plane.app))
        task = asyncio.create_task(server._serve([listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def send(port: int, *lines: str, host: str = "127.0.0.1") -> bytes:
    """What comes back for a request of these header lines, until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = ["GET /api/v1/flags HTTP/1.1", f"Host: {host}:{port}", "Connection: close", *lines]
    writer.write("\r\n".join([*head, "", ""]).encode("latin-1"))
    answer = await reader.read()
    writer.close()
    return answer


def code(answer: bytes) -> str:
    """The error's code."""
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"])


async def test_a_request(plane: Plane) -> None:
    """A token opens the flags, and the server does not name itself."""
    async with served(plane) as port:
        answer = await send(port, f"Authorization: {plane.headers['viewer']['Authorization']}")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"\r\nserver:" not in head.lower()
    assert len(json.loads(body)["items"]) == 3


@pytest.mark.parametrize(
    ("lines", "status", "expected"),
    [
        pytest.param(["Authorization: Bearer a", "authorization: Bearer b"], 400, "ambiguous_credentials", id="two"),
        pytest.param([f"Authorization: Bearer {'a' * 20_000}"], 400, "ambiguous_credentials", id="oversized"),
        pytest.param(["X-Forwarded-For: 127.0.0.1", "X-Real-IP: ::1"], 401, "missing_token", id="forwarded"),
    ],
)
async def test_credentials(plane: Plane, lines: list[str], status: int, expected: str) -> None:
    """What is no single token is refused, as the socket brought it."""
    async with served(plane) as port:
        answer = await send(port, *lines)
    assert answer.startswith(f"HTTP/1.1 {status}".encode())
    assert code(answer) == expected


async def test_another_host(plane: Plane) -> None:
    """A page that points its own name to loopback gets nothing."""
    async with served(plane) as port:
        answer = await send(port, host="rebound.example")
    assert code(answer) == "invalid_host"


async def test_an_endless_header(plane: Plane) -> None:
    """A header beyond the limit is cut off with a 4xx."""
    async with served(plane) as port:
        answer = await send(port, f"X-Long: {'a' * 2 * HEADER_BYTES}")
    assert answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: loc"])
async def test_half_a_request(plane: Plane, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who begins a request and falls silent is cut off, whatever was sent."""
    monkeypatch.setattr(Protocol, "head_timeout", 0.05)
    async with served(plane) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()


async def test_the_next_request_has_its_own_deadline(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The head of a second request on a kept connection has a deadline too; between requests there is none."""
    async with served(plane) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(Protocol, "head_timeout", 0.05)
        writer.write(b"GET /healthz HT")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()
