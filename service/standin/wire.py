"""Pieces of the wire formats that several APIs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.standin.ask import Ask

CREATED = 1_767_225_600
"""When every answer was made, in seconds since the epoch: answers to the same request are the same bytes."""
_MOST_CHUNKS = 64

encode = msgspec.json.encode


class Api(Protocol):
    """One operation of one API."""

    def read(self, document: dict[str, Any]) -> Ask:
        """What a request asks; raises ``BadRequestError``."""
        ...

    def whole(self, ask: Ask, document: dict[str, Any]) -> dict[str, Any]:
        """The answer as one document."""
        ...

    def stream(self, ask: Ask) -> Iterator[bytes]:
        """The answer as events of a stream."""
        ...

    def error(self, status: int, message: str) -> dict[str, Any]:
        """An error as the API writes it."""
        ...


def event(data: Any, name: str = "") -> bytes:
    """One server-sent event."""
    lead = b"event: " + name.encode() + b"\n" if name else b""
    return lead + b"data: " + encode(data) + b"\n\n"


def grouped(pieces: Sequence[str]) -> Iterator[str]:
    """The pieces, in at most 64 groups: a long answer comes in larger chunks, not in more of them."""
    size = max(1, -(-len(pieces) // _MOST_CHUNKS))
    for at in range(0, len(pieces), size):
        yield "".join(pieces[at : at + size])


def identifier(prefix: str, ask: Ask) -> str:
    """The id of the answer."""
    return f"{prefix}{ask.digest.hex()}"


def openai_error(status: int, message: str) -> dict[str, Any]:
    """An error as the OpenAI API writes it."""
    kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(
        status, "server_error" if status >= 500 else "invalid_request_error"
    )
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}
