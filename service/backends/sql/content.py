"""What is kept of a query's texts, under the ``content`` setting.

``full`` keeps the request's document and the answer's body; ``redacted`` keeps
the form alone: roles, lengths, counts and the numbers among the parameters,
and no word of any text, not even the words of a template, a tool's name or a
logit bias's tokens; ``none`` keeps nothing. Who asked, when, of which model
and how many tokens stands in the event's own row under each of them, because
it is what a flag is about.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Literal

from service.backends.sql import jsontext

if TYPE_CHECKING:
    from service.model.query import QueryEvent

Content = Literal["full", "redacted", "none"]

LARGEST = 8 * 1024 * 1024
"""Bytes of JSON kept of one query; of a longer one a mark. The default capture limits stay below it."""
WORTH = 256
"""Bytes below which compressing gains less than it costs."""
TURNS = 64
"""Turns and prompts of which the form is kept; their full count is kept beside it."""
ROLES = frozenset({"system", "user", "assistant", "tool"})
NUMBERS = frozenset(
    {
        *("temperature", "top_p", "top_k", "min_p", "n", "best_of", "seed", "dimensions"),
        *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tool_calls"),
        *("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
        *("stream", "echo", "store", "background", "parallel_tool_calls"),
    }
)
"""Parameters whose value is kept when it is a number or a truth value; of any other only its size."""

_PLAIN, _ZLIB, _SKIPPED = b"j", b"z", b"x"


def pack(event: QueryEvent, content: Content) -> bytes | None:
    """What is kept of the event's texts, None for nothing."""
    if content == "none" or (event.request is None and event.answer.body is None and not event.query.turns):
        return None
    document = form(event) if content == "redacted" else {"request": event.request, "answer": event.answer.body}
    body = jsontext.encode(document)
    if len(body) > LARGEST:
        return _SKIPPED + str(len(body)).encode()
    return _ZLIB + zlib.compress(body, 1) if len(body) >= WORTH else _PLAIN + body


def unpack(stored: bytes | None) -> dict[str, Any]:
    """The document that :func:`pack` kept, empty where it kept none.

    ``{"request", "answer"}`` from full content, ``{"redacted"}`` from redacted, and
    ``{"skipped": bytes}`` for a text too long to be kept.
    """
    if not stored:
        return {}
    mark, body = stored[:1], stored[1:]
    if mark == _SKIPPED:
        return {"skipped": int(body)}
    document: dict[str, Any] = jsontext.decode(zlib.decompress(body) if mark == _ZLIB else body)
    return document


def form(event: QueryEvent) -> dict[str, Any]:
    """The form of a query, without a word of it."""
    query = event.query
    turns = [[turn.role if turn.role in ROLES else "other", len(turn.text)] for turn in query.turns[:TURNS]]
    return {
        "redacted": {
            "turns": turns,
            "turn_count": len(query.turns),
            "prompts": [len(prompt) for prompt in query.prompts[:TURNS]],
            "prompt_count": len(query.prompts),
            "parameters": _numbers(query.parameters),
            "sizes": _sizes(query.parameters),
        }
    }


def _numbers(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in parameters.items() if name in NUMBERS and isinstance(value, (bool, int, float))
    }


def _sizes(parameters: dict[str, Any]) -> dict[str, int]:
    return {
        name: len(parameters[name])
        for name in ("tools", "functions", "stop", "logit_bias", "metadata")
        if isinstance(parameters.get(name), (list, tuple, dict))
    }
