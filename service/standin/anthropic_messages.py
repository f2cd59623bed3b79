"""``POST /v1/messages``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.standin import ask as asks
from service.standin.generator import Text, answer
from service.standin.wire import event, grouped, identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.standin.ask import Ask

_ERRORS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Messages:
    """Messages."""

    def read(self, document: dict[str, Any]) -> Ask:
        messages = asks.conversation(document.get("messages"))
        system = asks.spoken(document.get("system"))
        limit = asks.number(document, "max_tokens")
        if limit is None:
            raise asks.BadRequestError("max_tokens: Field required")
        return asks.Ask(
            model=asks.model(document),
            instruction=system,
            question=(asks.of_roles(messages, "user") or [""])[-1],
            input_tokens=asks.read_tokens(messages) + asks.tokens(system),
            limit=limit,
            stream=document.get("stream") is True,
            digest=asks.digest(document),
        )

    def whole(self, ask: Ask, _document: dict[str, Any]) -> dict[str, Any]:
        text = answer(ask)
        return {
            **_head(ask),
            "content": [{"type": "text", "text": str(text)}],
            "stop_reason": _stop(text),
            "stop_sequence": None,
            "usage": _usage(ask, len(text.pieces)),
        }

    def stream(self, ask: Ask) -> Iterator[bytes]:
        text = answer(ask)
        begun = {**_head(ask), "content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(ask, 1)}
        yield event({"type": "message_start", "message": begun}, "message_start")
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        yield event(block, "content_block_start")
        yield event({"type": "ping"}, "ping")
        for piece in grouped(text.pieces):
            delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            yield event(delta, "content_block_delta")
        yield event({"type": "content_block_stop", "index": 0}, "content_block_stop")
        end = {
            "type": "message_delta",
            "delta": {"stop_reason": _stop(text), "stop_sequence": None},
            "usage": {"output_tokens": len(text.pieces)},
        }
        yield event(end, "message_delta")
        yield event({"type": "message_stop"}, "message_stop")

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = _ERRORS.get(status, "api_error" if status >= 500 else "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": message}}


def _head(ask: Ask) -> dict[str, Any]:
    return {"id": identifier("msg_", ask), "type": "message", "role": "assistant", "model": ask.model}


def _stop(text: Text) -> str:
    return "max_tokens" if text.cut else "end_turn"


def _usage(ask: Ask, written: int) -> dict[str, int]:
    return {
        "input_tokens": ask.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": written,
    }
