"""OpenAI chat completions, and the many servers that speak them."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from service.gateway.dialects import fields
from service.gateway.dialects.base import JsonDialect
from service.gateway.dialects.parameters import parameters
from service.model.query import Answer, Inspect, Operation, Query, Turn

CHOICES = 128
"""Choices of a stream that are put together; ``n`` is at most this in the API."""
_TOOLS = 128


class _Delta(msgspec.Struct):
    content: Any = None
    reasoning_content: Any = None
    tool_calls: Any = None


class _Piece(msgspec.Struct):
    index: Any = 0
    delta: _Delta | None = None
    finish_reason: Any = None


class Chunk(msgspec.Struct):
    """One event of a stream."""

    id: Any = None
    created: Any = None
    model: Any = None
    choices: list[_Piece] | None = None
    usage: Any = None
    error: Any = None


class ChatCompletions(JsonDialect):
    """``POST .../chat/completions``."""

    name = "openai_chat"
    chunk: ClassVar[type[msgspec.Struct]] = Chunk

    def operation(self, method: str, path: str) -> Operation | None:
        return Operation.CHAT if method == "POST" and path.endswith("/chat/completions") else None

    def query(self, operation: Operation, request: dict[str, Any]) -> Query:
        messages = request.get("messages")
        return Query(
            operation,
            Inspect.PARSED if isinstance(messages, list) else Inspect.UNPARSED,
            fields.word(request.get("model")),
            tuple(
                Turn(fields.role(message.get("role")), fields.text(message.get("content")))
                for message in fields.items(messages)
                if isinstance(message, dict)
            ),
            (),
            fields.end_user(request),
            request.get("stream") is True,
            parameters(request),
        )

    def answer(self, answer: dict[str, Any]) -> Answer:
        length = 0
        finish = ""
        for choice in fields.items(answer.get("choices")):
            if isinstance(choice, dict):
                message = fields.mapping(choice.get("message"))
                length += len(fields.text(message.get("content"))) + len(fields.text(message.get("reasoning_content")))
                finish = finish or fields.word(choice.get("finish_reason"))
        entered, written = fields.usage(answer)
        return Answer(Inspect.PARSED, fields.word(answer.get("model")), entered, written, length, finish, answer)

    def join(self, chunks: list[Chunk]) -> tuple[dict[str, Any], bool]:
        choices: dict[int, _Choice] = {}
        for chunk in chunks:
            for piece in chunk.choices or ():
                index = fields.count(piece.index) or 0
                choice = choices.get(index)
                if choice is None:
                    if index >= CHOICES:
                        continue
                    choice = choices[index] = _Choice()
                choice.add(piece)
        joined = heading("chat.completion", chunks)
        joined["choices"] = [choice.document(index) for index, choice in sorted(choices.items())]
        return joined, any(choice.finish for choice in choices.values())


def heading(kind: str, chunks: list[Any]) -> dict[str, Any]:
    """What a stream of completions says about itself: the first name of each kind, the last usage."""
    joined: dict[str, Any] = {"object": kind}
    for name in ("id", "created", "model"):
        joined[name] = next((found for chunk in chunks if (found := getattr(chunk, name))), None)
    for name in ("usage", "error"):
        found = next((found for chunk in reversed(chunks) if (found := getattr(chunk, name))), None)
        if found:
            joined[name] = found
    return joined


class _Choice:
    """One choice of a stream, growing."""

    __slots__ = ("content", "finish", "reasoning", "tools")

    def __init__(self) -> None:
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.tools: dict[int, list[str]] = {}
        self.finish = ""

    def add(self, piece: _Piece) -> None:
        if (delta := piece.delta) is not None:
            if content := delta.content:
                self.content.append(content if isinstance(content, str) else fields.text(content))
            if delta.reasoning_content:
                self.reasoning.append(fields.text(delta.reasoning_content))
            if delta.tool_calls:
                self._call(fields.items(delta.tool_calls))
        if piece.finish_reason:
            self.finish = fields.word(piece.finish_reason)

    def _call(self, calls: list[Any]) -> None:
        for call in calls:
            index = fields.count(fields.mapping(call).get("index")) or 0
            function = fields.mapping(fields.mapping(call).get("function"))
            if index < _TOOLS:
                name_and_arguments = self.tools.setdefault(index, [fields.word(function.get("name"))])
                name_and_arguments.append(fields.text(function.get("arguments")))

    def document(self, index: int) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.content)}
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self.tools:
            message["tool_calls"] = [
                {"type": "function", "function": {"name": name, "arguments": "".join(arguments)}}
                for _, (name, *arguments) in sorted(self.tools.items())
            ]
        return {"index": index, "message": message, "finish_reason": self.finish or None}


DIALECT = ChatCompletions()
