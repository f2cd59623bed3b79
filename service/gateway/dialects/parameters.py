"""The parameters of a request: how it asks, without a word of what it asks.

Numbers and booleans are kept under any name, strings only under names that hold a choice and
not a text, and of everything else the size. So a field that this file never heard of cannot
bring a prompt into the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.gateway.dialects import fields

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 64
"""Parameters, tools' names and token ids kept."""

_TEXTS = frozenset(
    [
        "messages",
        "system",
        "prompt",
        "input",
        "instructions",
        "suffix",
        "model",
        "stream",
        "user",
        "safety_identifier",
        "metadata",
    ]
)
_CHOICES = frozenset(
    ["reasoning_effort", "service_tier", "tool_choice", "function_call", "encoding_format", "verbosity", "truncation"]
)
"""Names whose string is one of a few words."""
_TRAINING = frozenset(
    [
        *("instruction", "input", "output", "prompt", "completion", "response", "question", "answer", "query"),
        *("reasoning", "rationale", "thought", "thoughts", "chain_of_thought", "solution", "explanation"),
        *("chosen", "rejected", "preferred", "conversation", "conversations", "messages", "user", "assistant"),
    ]
)
"""Names that fields of training data bear; of a schema's fields no other name is kept."""
_DEPTH = 8
"""Levels of a schema looked at."""
_INNER = frozenset(["type", "effort", "summary", "budget_tokens", "include_usage"])
"""What is kept of ``reasoning`` and its like."""


def parameters(document: dict[str, Any]) -> dict[str, Any]:
    """Everything of the request but its texts, as plain JSON values in the order of the request."""
    kept: dict[str, Any] = {}
    for name, value in document.items():
        if name in _TEXTS:
            continue
        if (special := _SPECIAL.get(name)) is not None:
            kept.update(special(name, value))
        elif len(name) <= MOST and name.isidentifier():
            _keep(kept, name, value)
        if len(kept) >= MOST:
            break
    return kept


def _keep(kept: dict[str, Any], name: str, value: object) -> None:
    kind = type(value)
    if kind is bool or kind is float or value is None:
        kept[name] = value
    elif isinstance(value, int):
        # What no 64-bit column takes is no parameter either.
        if abs(value) < 2**63:
            kept[name] = value
    elif isinstance(value, str):
        if (name in _CHOICES or name in _INNER) and _is_choice(value):
            kept[name] = value
    elif isinstance(value, (list, dict)):
        kept[name] = len(value)


def _is_choice(value: str) -> bool:
    return len(value) <= 32 and value.replace("-", "_").isidentifier()


def _inner(name: str, value: object) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if not isinstance(value, dict):
        _keep(kept, name, value)
        return kept
    for key, choice in value.items():
        if key in _INNER:
            _keep(kept, key, choice)
    return {name: kept}


def _tools(name: str, value: object) -> dict[str, Any]:
    names = sorted({found for tool in fields.items(value) if (found := _tool(tool))})[:MOST]
    return {name: names, **_schema_fields(value)}


def _schema_fields(schema: object) -> dict[str, Any]:
    """Which names of training data the properties of a JSON schema bear."""
    found: set[str] = set()
    level = [schema]
    for _ in range(_DEPTH):
        below: list[object] = []
        for node in level[:MOST]:
            if isinstance(node, dict):
                properties = node.get("properties")
                if isinstance(properties, dict):
                    found.update(_TRAINING & {str(name).lower() for name in properties})
                below.extend(value for value in node.values() if isinstance(value, (dict, list)))
            elif isinstance(node, list):
                below.extend(value for value in node[:MOST] if isinstance(value, (dict, list)))
        if not below:
            break
        level = below
    return {"schema_fields": sorted(found)} if found else {}


def _tool(tool: object) -> str:
    if not isinstance(tool, dict):
        return ""
    function = tool.get("function")
    name = fields.word(function.get("name")) if isinstance(function, dict) else ""
    return (name or fields.word(tool.get("name")) or fields.word(tool.get("type")))[:MOST]


def _format(_: str, value: object) -> dict[str, Any]:
    kind = value.get("type") if isinstance(value, dict) else value
    kept: dict[str, Any] = {"response_format": kind} if isinstance(kind, str) and _is_choice(kind) else {}
    return kept | _schema_fields(value) if isinstance(value, dict) else kept


def _text_format(_: str, value: object) -> dict[str, Any]:
    return _format("", value.get("format")) if isinstance(value, dict) else {}


def _bias(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    ids = sorted(int(key) for key in value if len(key) < 10 and key.isascii() and key.isdigit())
    return {name: len(value), "logit_bias_ids": ids[:MOST]}


def _stop(name: str, value: object) -> dict[str, Any]:
    return {name: len(fields.texts(value))}


_SPECIAL: dict[str, Callable[[str, object], dict[str, Any]]] = {
    "tools": _tools,
    "functions": _tools,
    "response_format": _format,
    "text": _text_format,
    "logit_bias": _bias,
    "stop": _stop,
    "stop_sequences": _stop,
    "tool_choice": _inner,
    "stream_options": _inner,
    "reasoning": _inner,
    "thinking": _inner,
}
