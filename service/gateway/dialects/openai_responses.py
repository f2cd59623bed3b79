"""OpenAI responses: instructions and a string or a growing list of items."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from service.gateway.dialects import fields
from service.gateway.dialects.base import JsonDialect
from service.gateway.dialects.parameters import parameters
from service.model.query import Answer, Inspect, Operation, Query, Turn

_LAST = frozenset(("response.completed", "response.incomplete", "response.failed"))


class Chunk(msgspec.Struct):
    """One event of a stream."""

    type: str = ""
    delta: Any = None
    output_index: Any = 0
    response: Any = None
    code: Any = None
    message: Any = None


class Responses(JsonDialect):
    """``POST .../responses``."""

    name = "openai_responses"
    chunk: ClassVar[type[msgspec.Struct]] = Chunk

    def operation(self, method: str, path: str) -> Operation | None:
        return Operation.RESPONSES if method == "POST" and path.endswith("/responses") else None

    def query(self, operation: Operation, request: dict[str, Any]) -> Query:
        given = request.get("input")
        turns: list[Turn] = []
        if instructions := fields.text(request.get("instructions")):
            turns.append(Turn("system", instructions))
        if isinstance(given, str):
            turns.append(Turn("user", given))
        else:
            turns += (turn for item in fields.items(given) if (turn := _turn(item)) is not None)
        return Query(
            operation,
            # ``input`` may be missing where a stored prompt or an earlier response is named.
            Inspect.PARSED if given is None or isinstance(given, (str, list)) else Inspect.UNPARSED,
            fields.word(request.get("model")),
            tuple(turns),
            (),
            fields.end_user(request),
            request.get("stream") is True,
            parameters(request),
        )

    def answer(self, answer: dict[str, Any]) -> Answer:
        length = sum(
            len(fields.text(item.get("content")))
            for item in fields.items(answer.get("output"))
            if isinstance(item, dict)
        )
        entered, written = fields.usage(answer)
        cut = fields.mapping(answer.get("incomplete_details")).get("reason")
        finish = fields.word(cut) or fields.word(answer.get("status"))
        return Answer(Inspect.PARSED, fields.word(answer.get("model")), entered, written, length, finish, answer)

    def join(self, chunks: list[Chunk]) -> tuple[dict[str, Any], bool]:
        response: dict[str, Any] = {}
        pieces: dict[int, list[str]] = {}
        for chunk in chunks:
            if chunk.type == "response.output_text.delta":
                index = fields.count(chunk.output_index) or 0
                pieces.setdefault(index, []).append(fields.text(chunk.delta))
            elif isinstance(chunk.response, dict):
                response = chunk.response
                if chunk.type in _LAST:
                    return response, True
            elif chunk.type == "error":
                response = {**response, "error": {"code": chunk.code, "message": chunk.message}}
        output = [_message("".join(text)) for _, text in sorted(pieces.items())]
        return {**response, "output": output}, False


def _turn(item: object) -> Turn | None:
    if not isinstance(item, dict):
        return Turn("user", item) if isinstance(item, str) else None
    kind = item.get("type")
    if kind in ("function_call_output", "custom_tool_call_output"):
        return Turn("tool", fields.text(item.get("output")))
    # An item with a role is a message, typed or not; calls, reasoning and references carry no turn.
    return Turn(fields.role(item["role"]), fields.text(item.get("content"))) if "role" in item else None


def _message(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


DIALECT = Responses()
