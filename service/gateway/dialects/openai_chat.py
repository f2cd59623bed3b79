"""OpenAI chat completions, and the many servers that speak them."""

from __future__ import annotations

from typing import Any, ClassVar

from service.gateway.dialects import fields
from service.gateway.dialects.base import JsonDialect
from service.gateway.dialects.parameters import parameters
from service.model.query import Answer, Inspect, Operation, Query, Turn

CHOICES = 128
"""Choices of a stream that are put together; ``n`` is at most this in the API."""
_TOOLS = 128


class ChatCompletions(JsonDialect):
    """``POST .../chat/completions``."""

    name: ClassVar[str] = "openai_chat"

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

    def join(self, chunks: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        joined: dict[str, Any] = {"object": "chat.completion"}
        choices: dict[int, _Choice] = {}
        for chunk in chunks:
            for name in ("id", "created", "model", "usage", "error", "system_fingerprint"):
                if chunk.get(name):
                    joined[name] = chunk[name]
            for piece in fields.items(chunk.get("choices")):
                if isinstance(piece, dict):
                    index = fields.count(piece.get("index")) or 0
                    if index < CHOICES:
                        if index not in choices:
                            choices[index] = _Choice()
                        choices[index].add(piece)
        joined["choices"] = [choice.document(index) for index, choice in sorted(choices.items())]
        return joined, any(choice.finish for choice in choices.values())


class _Choice:
    """One choice of a stream, growing."""

    __slots__ = ("content", "finish", "reasoning", "tools")

    def __init__(self) -> None:
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.tools: dict[int, list[str]] = {}
        self.finish = ""

    def add(self, piece: dict[str, Any]) -> None:
        delta = piece.get("delta")
        if isinstance(delta, dict):
            content = delta.get("content")
            if isinstance(content, str):
                self.content.append(content)
            elif content:
                self.content.append(fields.text(content))
            if "reasoning_content" in delta:
                self.reasoning.append(fields.text(delta["reasoning_content"]))
            if "tool_calls" in delta:
                self._call(fields.items(delta["tool_calls"]))
        if piece.get("finish_reason"):
            self.finish = fields.word(piece["finish_reason"])

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
