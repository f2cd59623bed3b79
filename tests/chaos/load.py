"""Open-loop load: requests at fixed times over raw keep-alive sockets, and the client's own record of each."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos.upstream import content_length

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCOUNTS = 12
CONNECTIONS = 64
PATIENCE = 10.0
"""Seconds after which a client gives a request up."""
WORDS = ("tide", "copper", "river", "ledger", "orchard", "signal", "winter", "engine", "harbour", "theorem", "canvas")


@dataclass(slots=True)
class Sent:
    """What the client knows of one request."""

    number: int
    account: int
    answered: bool = False
    """A whole 2xx answer came."""
    port: int = 0
    """Of the gateway that it went to."""
    began: float = 0.0
    """When its connection was opened, monotonic seconds: one that broke is found out by the next request on it."""
    ended: float = 0.0


def caller_key(account: int) -> str:
    """The made-up key of an account."""
    return f"sk-chaos-{account:04d}"


def marker(number: int) -> str:
    """What names a request in its text."""
    return f"chaos-{number:08d}"


@dataclass(slots=True)
class Load:
    """Clients of some gateways, and all that they sent."""

    ports: Sequence[int]
    """Of the gateways; a client stays with one of them."""
    rate: float
    """Requests a second."""
    seed: int
    sent: list[Sent] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    """Seconds from sending to the whole answer."""
    stopped: bool = False

    async def run(self) -> None:
        """Send until ``stopped``, then wait for what is on its way."""
        due: asyncio.Queue[Sent | None] = asyncio.Queue()
        clients = [asyncio.create_task(self._client(due, self.ports[n % len(self.ports)])) for n in range(CONNECTIONS)]
        rng = random.Random(self.seed)
        began = time.monotonic()
        while not self.stopped:
            while len(self.sent) < (time.monotonic() - began) * self.rate:
                # A few accounts ask most: the first one about a third of it all.
                request = Sent(len(self.sent), int(ACCOUNTS * rng.random() ** 3))
                self.sent.append(request)
                due.put_nowait(request)
            await asyncio.sleep(0.002)
        for _ in clients:
            due.put_nowait(None)
        await asyncio.gather(*clients)

    async def _client(self, due: asyncio.Queue[Sent | None], port: int) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        opened = 0.0
        while (request := await due.get()) is not None:
            opened = opened if streams else time.monotonic()
            request.port, request.began = port, opened
            try:
                async with asyncio.timeout(PATIENCE):
                    streams = streams or await asyncio.open_connection("127.0.0.1", port)
                    began = time.monotonic()
                    streams[1].write(self._bytes(request, port))
                    request.answered = await _answered(streams[0])
                    self.latencies.append(time.monotonic() - began)
            except (OSError, EOFError, TimeoutError):
                # Sent once and never again: whether it was logged is for the check to find out.
                if streams:
                    streams[1].close()
                streams = None
            request.ended = time.monotonic()
        if streams:
            streams[1].close()

    def _bytes(self, request: Sent, port: int) -> bytes:
        rng = random.Random(request.number)
        text = f"{marker(request.number)} how does the {rng.choice(WORDS)} change the {rng.choice(WORDS)}?"
        message = {"role": "user", "content": text}
        body = json.dumps({"model": "chaos", "messages": [message], "user": f"user-{request.number % 5}"}).encode()
        return (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {caller_key(request.account)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read one whole answer; whether it was 2xx."""
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(content_length(head[:-4]))
    return head.split(b" ", 2)[1].startswith(b"2")
