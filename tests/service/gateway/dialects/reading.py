"""Short ways to read a literal, for the tests of all dialects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from service.gateway.dialects import Dialects

if TYPE_CHECKING:
    from service.model.query import Answer, Query

DIALECTS = Dialects()

CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
RESPONSES = "/v1/responses"
EMBEDDINGS = "/v1/embeddings"
MESSAGES = "/v1/messages"
PATHS = (CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, MESSAGES)


def query(path: str, body: bytes | dict[str, Any], *, full: bool = True) -> Query:
    """What a request asks."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DIALECTS.read("POST", path, raw, full=full)[0]


def said(path: str, body: bytes | dict[str, Any]) -> list[tuple[str, str]]:
    """Role and text of each turn."""
    return [(turn.role, turn.text) for turn in query(path, body).turns]


def answer(path: str, body: bytes, content_type: str = "application/json", encoding: str = "") -> Answer:
    """What a whole response says."""
    return DIALECTS.read_answer("POST", path, content_type=content_type, encoding=encoding, body=body, full=True)


def cut(path: str, body: bytes, content_type: str = "application/json", encoding: str = "") -> Answer:
    """What a response says of which the gateway kept only a part."""
    return DIALECTS.read_answer("POST", path, content_type=content_type, encoding=encoding, body=body, full=False)


def streamed(path: str, body: bytes) -> Answer:
    """What a stream of events says."""
    return answer(path, body, "text/event-stream; charset=utf-8")
