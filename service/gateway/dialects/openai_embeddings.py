"""OpenAI embeddings: texts in, vectors out.

The vectors are nearly all of an answer's bytes and of no use to the log, so
the document that is read out of an answer leaves ``data`` out.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from service.gateway.dialects import fields
from service.gateway.dialects.base import JsonDialect
from service.gateway.dialects.parameters import parameters
from service.model.query import Answer, Inspect, Operation, Query


class _Slim(msgspec.Struct):
    """The fields that are kept."""

    object: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None


class Embeddings(JsonDialect):
    """``POST .../embeddings``."""

    name = "openai_embeddings"
    chunk: ClassVar[type[msgspec.Struct]] = _Slim

    def operation(self, method: str, path: str) -> Operation | None:
        return Operation.EMBEDDINGS if method == "POST" and path.endswith("/embeddings") else None

    def query(self, operation: Operation, request: dict[str, Any]) -> Query:
        given = request.get("input")
        return Query(
            operation,
            Inspect.PARSED if isinstance(given, (str, list)) else Inspect.UNPARSED,
            fields.word(request.get("model")),
            (),
            fields.texts(given),
            fields.end_user(request),
            False,
            parameters(request),
        )

    def read_answer(self, operation: Operation, content_type: str, body: bytes) -> Answer:
        try:
            slim = self._chunk(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return super().read_answer(operation, content_type, body)
        return self.read_answer_document(msgspec.to_builtins(slim))

    def answer(self, answer: dict[str, Any]) -> Answer:
        entered, _ = fields.usage(answer)
        kept = {name: answer[name] for name in _Slim.__struct_fields__ if answer.get(name)}
        # An embedding has no output tokens; 0 says so, where None would say "not told".
        written = None if entered is None else 0
        return Answer(Inspect.PARSED, fields.word(answer.get("model")), entered, written, 0, "", kept)

    def join(self, chunks: list[_Slim]) -> tuple[dict[str, Any], bool]:
        """The API has no streams; of whatever server sends one, the last event has the usage."""
        return msgspec.to_builtins(chunks[-1]), True


DIALECT = Embeddings()
