"""Dialects: each API's way of writing queries and answers, bytes in and words out, without I/O.

A dialect is one module of this folder with a ``DIALECT``; the registry finds it. ``document``
and ``sse`` read JSON and event streams from strangers, ``decode`` undoes a Content-Encoding,
``fields`` and ``parameters`` take out of a document what the log may hold.

One law holds for all: reading bytes is reading the document that they hold, so a replayed
record gives what the live query gave.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from service.gateway.dialects import document as documents
from service.gateway.dialects import fields
from service.gateway.dialects.base import UNREAD, JsonDialect
from service.gateway.dialects.decode import decode
from service.model.query import Answer, Inspect, Operation, Query

if TYPE_CHECKING:
    from collections.abc import Sequence

GZIP = b"\x1f\x8b"
OPAQUE = Query(Operation.OPAQUE, Inspect.OPAQUE)
OPAQUE_ANSWER = Answer(Inspect.OPAQUE)


def discover() -> tuple[JsonDialect, ...]:
    """Every dialect of this folder, by name of its module."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = (getattr(importlib.import_module(f"{__name__}.{name}"), "DIALECT", None) for name in modules)
    return tuple(dialect for dialect in found if isinstance(dialect, JsonDialect))


class Dialects:
    """All dialects, chosen by method and path. Implements :class:`service.ports.Dialects`."""

    def __init__(self, dialects: Sequence[JsonDialect] | None = None) -> None:
        self._dialects = tuple(discover() if dialects is None else dialects)
        # Clients use a handful of paths over and over; a path may have 32 KiB, so few are kept.
        self._find = lru_cache(256)(self._look_up)
        self._by_name = {dialect.name: dialect for dialect in self._dialects}

    def for_path(self, method: str, path: str) -> JsonDialect | None:
        """The dialect that understands requests to this path; None where it is opaque."""
        found = self._find(method, path)
        return found[0] if found else None

    def for_errors(self, path: str) -> JsonDialect:
        """The dialect to refuse in, for any path, method and headers: Anthropic's below its own path, else OpenAI's."""
        anthropic = ("/v1/messages" in path or "/anthropic/" in path) and "/threads/" not in path
        return self._by_name["anthropic_messages" if anthropic else "openai_chat"]

    def read(self, method: str, path: str, body: bytes, *, full: bool) -> tuple[Query, object]:
        """Query and request document of a request; the document is None where it was not read."""
        found = self._find(method, path)
        if found is None:
            return OPAQUE, None
        dialect, operation = found
        # A start record has no Content-Encoding; a compressed body tells itself by how it begins, as no JSON does.
        if body.startswith(GZIP) and (decoded := decode(body, "gzip")) is not None:
            body, full = decoded.body, full and decoded.whole
        if not full:
            model, stream = fields.salvage_head(body)
            return Query(operation, Inspect.TRUNCATED, model, stream=stream), None
        document = documents.parse(body)
        if document is documents.UNREADABLE:
            return Query(operation, Inspect.UNPARSED), None
        return dialect.read_query(operation, document), document

    def read_document(self, method: str, path: str, document: object) -> Query:
        """The same from a document that was parsed already (replay)."""
        found = self._find(method, path)
        if found is None:
            return OPAQUE
        dialect, operation = found
        return dialect.read_query(operation, document)

    def read_answer(
        self, method: str, path: str, *, content_type: str, encoding: str, body: bytes, full: bool
    ) -> Answer:
        """Answer of a response, from its bytes as they were sent."""
        found = self._find(method, path)
        if found is None:
            return OPAQUE_ANSWER
        dialect, operation = found
        if encoding:
            decoded = decode(body, encoding)
            if decoded is None:
                return UNREAD if full else Answer(Inspect.TRUNCATED)
            body, full = decoded.body, full and decoded.whole
        answer = dialect.read_answer(operation, content_type.lower(), body)
        return answer if full else dataclasses.replace(answer, inspect=Inspect.TRUNCATED)

    def read_answer_document(self, method: str, path: str, document: object) -> Answer:
        """The same from a record's ``response``: the whole body, ``{"usage": ...}`` or None."""
        found = self._find(method, path)
        if found is None:
            return OPAQUE_ANSWER
        return found[0].read_answer_document(document)

    def _look_up(self, method: str, path: str) -> tuple[JsonDialect, Operation] | None:
        found = self._match(method, path)
        if found is None and (plain := _as_routed(path)) != path:
            found = self._match(method, plain)
        return found

    def _match(self, method: str, path: str) -> tuple[JsonDialect, Operation] | None:
        for dialect in self._dialects:
            operation = dialect.operation(method, path)
            if operation is not None:
                return dialect, operation
        return None


def _as_routed(path: str) -> str:
    """The path as the most lenient upstream routes it: no spelling of a path that is served may make it opaque."""
    return re.sub("//+", "/", unquote(path)).rstrip("/").lower()
