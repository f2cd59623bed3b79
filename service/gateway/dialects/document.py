"""JSON from strangers: strict, bounded in depth, and never an exception."""

from __future__ import annotations

from typing import Any

import msgspec

DEPTH = 128
"""Deepest nesting taken. Real requests stay under 40; what is deeper exhausts the readers further down the line."""

UNREADABLE = object()
"""Not JSON, or nested too deep. ``None`` is a document (``null``), so it cannot say this."""


def parse(body: bytes) -> object:
    """The document in these bytes, at most :data:`DEPTH` deep, or :data:`UNREADABLE`.

    Strict JSON in UTF-8: no NaN, no number beyond a double, no lone surrogate, nothing after the
    document. Of duplicate keys the last one counts, as upstreams read them.
    """
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return UNREADABLE
    # So few brackets cannot nest too deep, and most bodies end here without a walk.
    if body.count(b"[") + body.count(b"{") <= DEPTH:
        return document
    return document if is_shallow(document) else UNREADABLE


def is_shallow(document: object) -> bool:
    """Whether the document nests at most :data:`DEPTH` deep."""
    level: list[Any] = [[document]]
    for _ in range(DEPTH + 1):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return True
    return False
