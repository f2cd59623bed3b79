"""Ask: what a request wants, the same for every API."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

CHARACTERS_PER_TOKEN = 4
"""Of English in the tokenisers in use, roughly."""
MOST_CHOICES = 128
_HOW = frozenset({"stream", "stream_options", "user", "metadata", "safety_identifier"})


class BadRequestError(Exception):
    """A request that the API would refuse; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be answered, and how."""

    model: str
    instruction: str
    """What the system prompt says."""
    question: str
    """What the user said last."""
    prompts: tuple[str, ...] = ()
    """What is to be continued, where the API takes a list."""
    input_tokens: int
    limit: int | None
    """Tokens that the answer may have."""
    choices: int = 1
    stream: bool = False
    include_usage: bool = False
    as_json: bool = False
    digest: bytes
    """Of what is asked, not of how it is sent: streamed or not, the same answer."""


def digest(document: dict[str, Any]) -> bytes:
    """Sixteen bytes that stand for what a request asks."""
    asked = {name: value for name, value in document.items() if name not in _HOW}
    return hashlib.blake2b(msgspec.json.encode(asked, order="sorted"), digest_size=16).digest()


def tokens(text: str) -> int:
    """Tokens of a text that was not made here."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def spoken(content: object) -> str:
    """The text of a message's content."""
    if isinstance(content, list):
        return "\n".join(spoken(part) for part in content)
    if isinstance(content, dict):
        content = content.get("text")
    return content if isinstance(content, str) else ""


def conversation(messages: object, name: str = "messages") -> list[dict[str, Any]]:
    """The messages, if they are some.

    Raises
    ------
    BadRequestError
        They are none.

    """
    if not isinstance(messages, list) or not messages:
        raise BadRequestError(f"Invalid '{name}': expected an array with at least one item.")
    if not all(isinstance(message, dict) for message in messages):
        raise BadRequestError(f"Invalid '{name}': expected an array of objects.")
    return messages


def of_roles(messages: list[dict[str, Any]], *roles: str) -> list[str]:
    """What these roles said, in order."""
    return [spoken(message.get("content")) for message in messages if message.get("role") in roles]


def read_tokens(messages: list[dict[str, Any]]) -> int:
    """Tokens of a conversation: its texts, and four for the frame of each message."""
    return sum(4 + tokens(spoken(message.get("content"))) for message in messages)


def number(document: dict[str, Any], *names: str, low: int = 1, high: int = 1_000_000) -> int | None:
    """The first of these parameters that is set.

    Raises
    ------
    BadRequestError
        It is no whole number between the bounds.

    """
    for name in names:
        value = document.get(name)
        if value is None:
            continue
        if type(value) is not int or not low <= value <= high:
            raise BadRequestError(f"Invalid '{name}': expected a whole number from {low} to {high}.")
        return value
    return None


def model(document: dict[str, Any]) -> str:
    """The model asked for.

    Raises
    ------
    BadRequestError
        None is.

    """
    name = document.get("model")
    if not isinstance(name, str) or not name:
        raise BadRequestError("you must provide a model parameter")
    return name
