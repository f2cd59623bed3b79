"""The stand-in's server: five operations, a list of models, and failures on demand.

A failure is asked for by the model's name: ``error-429`` (any status from 400 to 599),
``reset-midstream`` (the connection breaks in the middle of the answer), ``slow`` or
``slow-1500`` (milliseconds before the first byte, and a twentieth of it before each chunk).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import uvicorn

from service.standin.anthropic_messages import Messages
from service.standin.ask import BadRequestError
from service.standin.openai_chat import Chat
from service.standin.openai_completions import Completions
from service.standin.openai_embeddings import Embeddings
from service.standin.openai_responses import Responses
from service.standin.wire import CREATED, Api, encode, openai_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

MODELS = ("stand-in", "stand-in-large", "stand-in-embedding", "error-429", "error-500", "reset-midstream", "slow")

ROUTES: dict[str, Api] = {
    "/v1/chat/completions": Chat(),
    "/v1/completions": Completions(),
    "/v1/responses": Responses(),
    "/v1/embeddings": Embeddings(),
    "/v1/messages": Messages(),
}

_FAILURE = re.compile(r"error-([45]\d\d)")
_SLOW = re.compile(r"slow(?:-(\d{1,6}))?")
_JSON = (b"content-type", b"application/json")
_EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long it thinks, in seconds."""

    first: float = 0.002
    """Before the answer begins."""
    chunk: float = 0.001
    """Before each further chunk of a stream."""


@dataclass(frozen=True, slots=True)
class Standin:
    """The ASGI application."""

    pace: Pace = field(default_factory=Pace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        body = await _body(receive)
        if body is None:
            return
        if method == "POST" and path in ROUTES:
            await self._answer(ROUTES[path], body, send)
        elif method == "GET" and path == "/v1/models":
            await _send_json(send, 200, _listing())
        elif method == "GET" and path.removeprefix("/v1/models/") in MODELS:
            await _send_json(send, 200, _model(path.removeprefix("/v1/models/")))
        else:
            await _send_json(send, 404, openai_error(404, f"Unknown request URL: {method} {path}."))

    async def _answer(self, api: Api, body: bytes, send: Send) -> None:
        try:
            document = msgspec.json.decode(body, type=dict[str, Any])
            ask = api.read(document)
            pace = self._pace(ask.model)
            if failure := _FAILURE.fullmatch(ask.model):
                await _send_json(send, int(failure[1]), api.error(int(failure[1]), "Asked for by the model's name."))
                return
            await asyncio.sleep(pace.first)
            breaks = ask.model == "reset-midstream"
            if ask.stream:
                await _send_events(send, api.stream(ask), pace.chunk, breaks=breaks)
            else:
                await _send_json(send, 200, api.whole(ask, document), breaks=breaks)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            await _send_json(send, 400, api.error(400, "We could not parse the JSON body of your request."))
        except BadRequestError as error:
            await _send_json(send, 400, api.error(400, str(error)))

    def _pace(self, model: str) -> Pace:
        slow = _SLOW.fullmatch(model)
        if not slow:
            return self.pace
        first = int(slow[1] or 2000) / 1000
        return Pace(first, first / 20)


app = Standin()


def run(host: str, port: int, pace: Pace | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    application = app if pace is None else Standin(pace)
    # Quiet: a client that leaves and an answer that is broken off on demand are no news.
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )


async def _lifespan(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes | None:
    """The whole request body; None where the client left before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send_json(send: Send, status: int, document: Any, *, breaks: bool = False) -> None:
    body = encode(document)
    headers = [_JSON, (b"content-length", b"%d" % len(body))]
    if status == 429:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if breaks:
        # Returning with the body unfinished makes the server close the connection.
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        return
    await send({"type": "http.response.body", "body": body})


async def _send_events(send: Send, events: Iterable[bytes], pause: float, *, breaks: bool) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _EVENTS})
    for number, data in enumerate(events):
        if breaks and number == 4:
            return
        if number and pause:
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _listing() -> dict[str, Any]:
    data = [_model(name) for name in MODELS]
    return {"object": "list", "data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}


def _model(name: str) -> dict[str, Any]:
    """A model, with the fields of both APIs."""
    return {
        "id": name,
        "object": "model",
        "created": CREATED,
        "owned_by": "stand-in",
        "type": "model",
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
    }
