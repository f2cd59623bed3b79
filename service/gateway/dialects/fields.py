"""Single values out of a stranger's document: of the type wanted, or empty. Nothing here raises."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import msgspec

WORD = 128
"""Characters kept of a model's name, an end user's id and the like."""

_LARGEST = 2**53
_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_USAGE = re.compile(rb'"usage"\s*:\s*(\{[^{}]{0,2000}(?:\{[^{}]{0,1000}\}[^{}]{0,2000}){0,8}\})')
_HEAD = re.compile(rb'"model"\s*:\s*"([^"\\\x00-\x1f]{1,128})"')
_STREAM = re.compile(rb'"stream"\s*:\s*true\b')


def word(value: object) -> str:
    """A short string, clipped; empty for anything else."""
    return value[:WORD] if isinstance(value, str) else ""


def items(value: object) -> list[Any]:
    """A list, or an empty one."""
    return value if isinstance(value, list) else []


def mapping(value: object) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def count(value: object) -> int | None:
    """A whole number from 0 to 2**53, or None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _LARGEST else None


def text(content: object) -> str:
    """The text of a message: a string, or the text parts of a list joined by newlines."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    found = (part.get("text") if isinstance(part, dict) else part for part in content)
    return "\n".join(piece for piece in found if isinstance(piece, str))


def texts(value: object) -> tuple[str, ...]:
    """The prompts of a string or a list of strings. Token ids are no text."""
    if isinstance(value, str):
        return (value,)
    return tuple(piece for piece in items(value) if isinstance(piece, str))


def role(value: object) -> str:
    """``system``, ``user``, ``assistant`` or ``tool``; a role nobody knows asks, so it is a user's."""
    return _ROLES.get(value, "user") if isinstance(value, str) else "user"


def end_user(document: dict[str, Any]) -> str:
    """Whom the caller says it asks for: the first of the three fields in use that is not empty."""
    get = document.get
    metadata = get("metadata")
    return (
        word(get("user"))
        or word(get("safety_identifier"))
        or (word(metadata.get("user_id")) if isinstance(metadata, dict) else "")
    )


def usage(document: dict[str, Any]) -> tuple[int | None, int | None]:
    """Input and output tokens as the upstream counted them.

    Anthropic counts cached input apart, OpenAI within; the sum is what was read either way.
    """
    given = document.get("usage")
    if not isinstance(given, dict):
        return None, None
    get = given.get
    if "prompt_tokens" in given:
        return count(get("prompt_tokens")), count(get("completion_tokens"))
    entered = count(get("input_tokens"))
    if entered is not None:
        entered += (count(get("cache_creation_input_tokens")) or 0) + (count(get("cache_read_input_tokens")) or 0)
    return entered, count(get("output_tokens"))


def salvage_usage(body: bytes) -> dict[str, Any]:
    """Model and last usage out of an answer that cannot be read whole, as a document; may be empty."""
    document: dict[str, Any] = {}
    if model := _HEAD.search(body, 0, 4096):
        document["model"] = model[1].decode("utf-8", "replace")
    at = body.rfind(b'"usage"')
    if at >= 0 and (found := _USAGE.match(body, at)):
        with contextlib.suppress(msgspec.MsgspecError, ValueError):
            document["usage"] = msgspec.json.decode(found[1], type=dict)
    return document


def salvage_head(body: bytes) -> tuple[str, bool]:
    """Model and stream out of a request that was cut. A quote inside a text is escaped, so no text poses as a field."""
    model = _HEAD.search(body)
    return model[1].decode("utf-8", "replace") if model else "", bool(_STREAM.search(body))
