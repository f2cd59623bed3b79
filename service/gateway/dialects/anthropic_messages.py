"""Anthropic messages: a system prompt beside the turns, content in blocks, named stream events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from service.gateway.dialects import fields
from service.gateway.dialects.base import JsonDialect
from service.gateway.dialects.parameters import parameters
from service.model.query import Answer, Inspect, Operation, Query, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_BLOCKS = 1024


class Chunk(msgspec.Struct):
    """One event of a stream."""

    type: str = ""
    index: Any = 0
    delta: Any = None
    content_block: Any = None
    message: Any = None
    usage: Any = None
    error: Any = None


class Messages(JsonDialect):
    """``POST .../v1/messages``; batches, token counts and OpenAI's thread messages are other paths."""

    name = "anthropic_messages"
    chunk: ClassVar[type[msgspec.Struct]] = Chunk

    def operation(self, method: str, path: str) -> Operation | None:
        ours = method == "POST" and path.endswith("/v1/messages") and "/threads/" not in path
        return Operation.MESSAGES if ours else None

    def query(self, operation: Operation, request: dict[str, Any]) -> Query:
        messages = request.get("messages")
        turns = [turn for message in fields.items(messages) if isinstance(message, dict) for turn in _turns(message)]
        if system := fields.text(request.get("system")):
            turns.insert(0, Turn("system", system))
        return Query(
            operation,
            Inspect.PARSED if isinstance(messages, list) else Inspect.UNPARSED,
            fields.word(request.get("model")),
            tuple(turns),
            (),
            fields.end_user(request),
            request.get("stream") is True,
            parameters(request),
        )

    def answer(self, answer: dict[str, Any]) -> Answer:
        length = sum(
            len(fields.text(block.get("text"))) + len(fields.text(block.get("thinking")))
            for block in fields.items(answer.get("content"))
            if isinstance(block, dict)
        )
        entered, written = fields.usage(answer)
        finish = fields.word(answer.get("stop_reason"))
        return Answer(Inspect.PARSED, fields.word(answer.get("model")), entered, written, length, finish, answer)

    def join(self, chunks: list[Chunk]) -> tuple[dict[str, Any], bool]:
        joined: dict[str, Any] = {"type": "message", "role": "assistant"}
        usage: dict[str, Any] = {}
        blocks: dict[int, _Block] = {}
        ended = False
        for chunk in chunks:
            match chunk.type:
                case "content_block_delta":
                    if (block := blocks.get(fields.count(chunk.index) or 0)) is not None:
                        block.add(fields.mapping(chunk.delta))
                case "content_block_start":
                    if (index := fields.count(chunk.index) or 0) < _BLOCKS:
                        blocks[index] = _Block(fields.mapping(chunk.content_block))
                case "message_start":
                    joined.update(fields.mapping(chunk.message))
                    usage.update(fields.mapping(joined.get("usage")))
                case "message_delta":
                    joined.update(fields.mapping(chunk.delta))
                    usage.update((k, v) for k, v in fields.mapping(chunk.usage).items() if v is not None)
                case "message_stop":
                    ended = True
                case "error":
                    joined["error"] = chunk.error
        joined["content"] = [block.document() for _, block in sorted(blocks.items())]
        joined["usage"] = usage
        return joined, ended

    def error(self, status: int, code: str, message: str) -> bytes:  # noqa: ARG002 - the port has it
        """A refusal as the Anthropic API writes it; it has no place for a code."""
        kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
        return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}})


class _Block:
    """One content block of a stream, growing."""

    __slots__ = ("json", "signature", "start", "text", "thinking")

    def __init__(self, start: dict[str, Any]) -> None:
        self.start = start
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.signature: list[str] = []
        self.json: list[str] = []

    def add(self, delta: dict[str, Any]) -> None:
        for name, pieces in (*self._parts(), ("partial_json", self.json)):
            piece = delta.get(name)
            if isinstance(piece, str):
                pieces.append(piece)
                return

    def _parts(self) -> Iterator[tuple[str, list[str]]]:
        yield from (("text", self.text), ("thinking", self.thinking), ("signature", self.signature))

    def document(self) -> dict[str, Any]:
        block = dict(self.start)
        for name, pieces in self._parts():
            if pieces:
                block[name] = fields.text(block.get(name)) + "".join(pieces)
        if self.json:
            # As text: a call that was cut is no JSON, and nothing here needs its arguments.
            block["input"] = "".join(self.json)
        return block


def _turns(message: dict[str, Any]) -> Iterator[Turn]:
    """A message's turn; the results of tools in it, which travel as the user's, are turns of their own."""
    content = message.get("content")
    role = fields.role(message.get("role"))
    if not isinstance(content, list):
        yield Turn(role, fields.text(content))
        return
    rest = []
    for part in content:
        if isinstance(part, dict) and part.get("type") == "tool_result":
            yield Turn("tool", fields.text(part.get("content")))
        else:
            rest.append(part)
    if rest or not content:
        yield Turn(role, fields.text(rest))


DIALECT = Messages()
