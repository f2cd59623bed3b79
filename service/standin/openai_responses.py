"""``POST /v1/responses``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.standin import ask as asks
from service.standin.generator import Text, answer
from service.standin.wire import CREATED, event, grouped, identifier, openai_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.standin.ask import Ask


class Responses:
    """Responses, of a string or of items."""

    def read(self, document: dict[str, Any]) -> Ask:
        given = document.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else asks.conversation(given, "input")
        instructions = asks.spoken(document.get("instructions"))
        form = document.get("text")
        kind = form.get("format") if isinstance(form, dict) else None
        return asks.Ask(
            model=asks.model(document),
            instruction="\n".join([instructions, *asks.of_roles(items, "system", "developer")]),
            question=(asks.of_roles(items, "user") or [""])[-1],
            input_tokens=asks.read_tokens(items) + asks.tokens(instructions),
            limit=asks.number(document, "max_output_tokens"),
            stream=document.get("stream") is True,
            as_json=isinstance(kind, dict) and kind.get("type") in ("json_object", "json_schema"),
            digest=asks.digest(document),
        )

    def whole(self, ask: Ask, _document: dict[str, Any]) -> dict[str, Any]:
        return _response(ask, answer(ask))

    def stream(self, ask: Ask) -> Iterator[bytes]:
        text = answer(ask)
        final = _response(ask, text)
        begun = {**final, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
        last = "response.incomplete" if text.cut else "response.completed"
        place = {"item_id": identifier("msg_", ask), "output_index": 0, "content_index": 0}
        item = _item(ask, text)
        events: list[tuple[str, dict[str, Any]]] = [
            ("response.created", {"response": begun}),
            ("response.in_progress", {"response": begun}),
            (
                "response.output_item.added",
                {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}},
            ),
            ("response.content_part.added", {**place, "part": _part("")}),
            *(
                ("response.output_text.delta", {**place, "delta": piece, "logprobs": []})
                for piece in grouped(text.pieces)
            ),
            ("response.output_text.done", {**place, "text": str(text), "logprobs": []}),
            ("response.content_part.done", {**place, "part": _part(str(text))}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            (last, {"response": final}),
        ]
        for number, (kind, fields) in enumerate(events):
            yield event({"type": kind, "sequence_number": number, **fields}, kind)

    def error(self, status: int, message: str) -> dict[str, Any]:
        return openai_error(status, message)


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _item(ask: Ask, text: Text) -> dict[str, Any]:
    return {
        "id": identifier("msg_", ask),
        "type": "message",
        "status": "incomplete" if text.cut else "completed",
        "role": "assistant",
        "content": [_part(str(text))],
    }


def _response(ask: Ask, text: Text) -> dict[str, Any]:
    written = len(text.pieces)
    return {
        "id": identifier("resp_", ask),
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if text.cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if text.cut else None,
        "instructions": None,
        "max_output_tokens": ask.limit,
        "metadata": {},
        "model": ask.model,
        "output": [_item(ask, text)],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": ask.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": ask.input_tokens + written,
        },
    }
