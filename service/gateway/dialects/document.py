"""JSON from strangers: what an upstream may take is read, what comes out can be written again, and nothing raises."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

DEPTH = 128
"""Deepest nesting kept. Real requests stay under 40; what is deeper exhausts the writers further down the line."""

UNREADABLE = object()
"""Not JSON, or nested without end. ``None`` is a document (``null``), so it cannot say this."""


def parse(body: bytes) -> object:
    """The document in these bytes, or :data:`UNREADABLE`.

    Of duplicate keys the last one counts, as upstreams read them. What Python's own reader takes
    beyond the standard, and so the servers built on it, is taken too: a caller must not become
    unreadable by a NaN in a field that nobody looks at. Whatever could not be written as JSON
    again comes out as null (NaN, infinities, what is nested deeper than :data:`DEPTH`) or as U+FFFD
    (lone surrogates).
    """
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _parse_as_python_does(body)
    # So few brackets cannot nest too deep, and most bodies end here without a walk.
    if body.count(b"[") + body.count(b"{") > DEPTH:
        prune(document)
    return document


def prune(document: object) -> None:
    """Put null, in place, where the document nests deeper than :data:`DEPTH`."""
    level: list[Any] = [document] if isinstance(document, (dict, list)) else []
    for _ in range(DEPTH - 1):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    for node in level:
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(child, (dict, list)):
                node[key] = None


def _parse_as_python_does(body: bytes) -> object:
    """The reading of ``json``: UTF-8 with a byte order mark, UTF-16 and UTF-32, NaN, numbers beyond a double."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return UNREADABLE
    prune(document)
    return _clean(document)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        # Through UTF-16, where a surrogate that has its other half becomes the character that it stands for.
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
