"""Copied: how much of an answer stands in its request word for word.

Extraction, quotation and rewriting copy; such an answer teaches a surrogate
what the caller had already. Measured on snippets spread evenly over the
answer, each looked for in the request by plain search: some microseconds,
whatever the lengths. What leaves here is one number.

Weakness: an answer that names its sources in other words copies nothing here;
a caller who asks for its own input back first lowers the number for a price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.model.query import QueryEvent

SNIPPETS = 12
LENGTH = 20
"""Characters of a snippet: shorter ones stand in many texts by chance."""
READ = 8192
"""Characters of the request, and of the answer, that are looked at."""


def copied(event: QueryEvent) -> float:
    """Share of the answer's snippets that stand in the request; 0 where the answer has no text or a short one."""
    answer = " ".join(spoken(event.answer.body)[:READ].split())
    if len(answer) < LENGTH:
        return 0.0
    query = event.query
    asked = " ".join("\n".join([*(turn.text for turn in query.turns), *query.prompts])[-READ:].split())
    last = len(answer) - LENGTH
    count = min(SNIPPETS, last // LENGTH + 1)
    starts = [last * i // max(count - 1, 1) for i in range(count)]
    return sum(answer[start : start + LENGTH] in asked for start in starts) / count


def spoken(body: Any) -> str:
    """The text of an answer, as any of the dialects writes it; empty where there is none."""
    if not isinstance(body, dict):
        return ""
    parts: list[str] = []
    for choice in items(body.get("choices")):
        message = choice.get("message")
        parts.append(_said(message.get("content") if isinstance(message, dict) else choice.get("text")))
    parts.append(_said(body.get("content")))
    parts += [_said(item.get("content")) for item in items(body.get("output"))]
    return "\n".join(filter(None, parts))


def _said(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in items(content) if isinstance(part.get("text"), str))


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, whatever else is in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
