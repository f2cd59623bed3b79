"""What every dialect of JSON over HTTP has in common; a dialect of this folder says the rest."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import msgspec

from service.gateway.dialects import document as documents
from service.gateway.dialects import fields, sse
from service.model.query import Answer, Inspect, Operation, Query

_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    413: "request_too_large",
    429: "rate_limit_error",
}

UNREAD = Answer(Inspect.UNPARSED)


class JsonDialect(ABC):
    """One API's way of writing queries and answers. Holds no state; nothing but constructors raises."""

    name: str
    chunk: ClassVar[type[msgspec.Struct]]
    """What is looked at in one event of a stream; the rest is skipped without being built."""

    def __init__(self) -> None:
        self._chunk = msgspec.json.Decoder(self.chunk).decode

    @abstractmethod
    def operation(self, method: str, path: str) -> Operation | None:
        """What the path asks for, by how it ends; None where it is not of this dialect."""

    @abstractmethod
    def query(self, operation: Operation, request: dict[str, Any]) -> Query:
        """The query in a request."""

    @abstractmethod
    def answer(self, answer: dict[str, Any]) -> Answer:
        """The answer in a document: a whole body, or ``{"usage": ...}``."""

    @abstractmethod
    def join(self, chunks: list[Any]) -> tuple[dict[str, Any], bool]:
        """One document out of a stream's chunks, and whether the stream came to its end."""

    def read_query(self, operation: Operation, document: object) -> Query:
        """The query in a JSON document; says ``unparsed`` for what is none of this API."""
        if not isinstance(document, dict):
            return Query(operation, Inspect.UNPARSED)
        return self.query(operation, document)

    def read_answer(self, operation: Operation, content_type: str, body: bytes) -> Answer:  # noqa: ARG002 - the port has it
        """The answer in a body, a JSON document or a stream of events, whatever the content type says."""
        if "event-stream" in content_type or body.startswith((b"data:", b"event:", b":")):
            return self._read_stream(body)
        document = documents.parse(body)
        if document is documents.UNREADABLE:
            rest = fields.salvage_usage(body)
            return dataclasses.replace(self.answer(rest), inspect=Inspect.UNPARSED) if rest else UNREAD
        return self.read_answer_document(document)

    def read_answer_document(self, document: object) -> Answer:
        """The same from a document."""
        return self.answer(document) if isinstance(document, dict) else UNREAD

    def error(self, status: int, code: str, message: str) -> bytes:
        """A refusal as the OpenAI API writes it."""
        kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        return msgspec.json.encode({"error": {"message": message, "type": kind, "param": None, "code": code}})

    def _read_stream(self, body: bytes) -> Answer:
        chunks = []
        broken = ended = False
        for data in sse.parse(body):
            try:
                chunks.append(self._chunk(data))
            except (msgspec.MsgspecError, ValueError, RecursionError):
                if data == b"[DONE]":
                    ended = True
                else:
                    broken = True
        if not chunks:
            return UNREAD
        joined, complete = self.join(chunks)
        documents.prune(joined)
        answer = self.answer(joined)
        if broken or not (ended or complete):
            return dataclasses.replace(answer, inspect=Inspect.UNPARSED)
        return answer
