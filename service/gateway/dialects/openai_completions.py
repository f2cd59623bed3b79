"""OpenAI completions, the older API: a prompt or a list of prompts, text back."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from service.gateway.dialects import fields
from service.gateway.dialects.base import JsonDialect
from service.gateway.dialects.openai_chat import heading
from service.gateway.dialects.parameters import parameters
from service.model.query import Answer, Inspect, Operation, Query

CHOICES = 4096
"""Choices of a stream that are put together: prompts times ``n``."""


class _Piece(msgspec.Struct):
    index: Any = 0
    text: Any = None
    finish_reason: Any = None


class Chunk(msgspec.Struct):
    """One event of a stream."""

    id: Any = None
    created: Any = None
    model: Any = None
    choices: list[_Piece] | None = None
    usage: Any = None
    error: Any = None


class Completions(JsonDialect):
    """``POST .../completions``."""

    name = "openai_completions"
    chunk: ClassVar[type[msgspec.Struct]] = Chunk

    def operation(self, method: str, path: str) -> Operation | None:
        ours = method == "POST" and path.endswith("/completions") and not path.endswith("/chat/completions")
        return Operation.COMPLETION if ours else None

    def query(self, operation: Operation, request: dict[str, Any]) -> Query:
        prompt = request.get("prompt")
        return Query(
            operation,
            # A request without a prompt is one for the document's start, so it is understood.
            Inspect.PARSED if prompt is None or isinstance(prompt, (str, list)) else Inspect.UNPARSED,
            fields.word(request.get("model")),
            (),
            fields.texts(prompt),
            fields.end_user(request),
            request.get("stream") is True,
            parameters(request),
        )

    def answer(self, answer: dict[str, Any]) -> Answer:
        length = 0
        finish = ""
        for choice in fields.items(answer.get("choices")):
            if isinstance(choice, dict):
                length += len(fields.text(choice.get("text")))
                finish = finish or fields.word(choice.get("finish_reason"))
        entered, written = fields.usage(answer)
        return Answer(Inspect.PARSED, fields.word(answer.get("model")), entered, written, length, finish, answer)

    def join(self, chunks: list[Chunk]) -> tuple[dict[str, Any], bool]:
        pieces: dict[int, list[str]] = {}
        finish: dict[int, str] = {}
        for piece in (piece for chunk in chunks for piece in chunk.choices or ()):
            index = fields.count(piece.index) or 0
            if index >= CHOICES:
                continue
            pieces.setdefault(index, []).append(fields.text(piece.text))
            if piece.finish_reason:
                finish[index] = fields.word(piece.finish_reason)
        joined = heading("text_completion", chunks)
        joined["choices"] = [
            {"index": index, "text": "".join(text), "finish_reason": finish.get(index)}
            for index, text in sorted(pieces.items())
        ]
        return joined, bool(finish)


DIALECT = Completions()
