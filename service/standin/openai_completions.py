"""``POST /v1/completions``."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.standin import ask as asks
from service.standin.generator import Text, answer
from service.standin.openai_chat import finish, usage
from service.standin.wire import CREATED, event, grouped, identifier, openai_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.standin.ask import Ask

_DEFAULT_LIMIT = 16
"""What the API takes where ``max_tokens`` is not said."""


class Completions:
    """Completions of a prompt or of each of a list."""

    def read(self, document: dict[str, Any]) -> Ask:
        prompts = _prompts(document.get("prompt", ""))
        options = document.get("stream_options")
        return asks.Ask(
            model=asks.model(document),
            instruction="",
            question="",
            prompts=tuple(prompts),
            input_tokens=sum(asks.tokens(prompt) for prompt in prompts),
            limit=asks.number(document, "max_tokens") or _DEFAULT_LIMIT,
            choices=asks.number(document, "n", high=asks.MOST_CHOICES) or 1,
            stream=document.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
            digest=asks.digest(document),
        )

    def whole(self, ask: Ask, _document: dict[str, Any]) -> dict[str, Any]:
        texts = _texts(ask)
        choices = [
            {"index": index, "text": str(text), "logprobs": None, "finish_reason": finish(text)}
            for index, text in enumerate(texts)
        ]
        return {**_head(ask), "choices": choices, "usage": usage(ask, texts)}

    def stream(self, ask: Ask) -> Iterator[bytes]:
        texts = _texts(ask)
        head = _head(ask)
        for index, text in enumerate(texts):
            for piece in grouped(text.pieces):
                choice = {"index": index, "text": piece, "logprobs": None, "finish_reason": None}
                yield event({**head, "choices": [choice]})
            last = {"index": index, "text": "", "logprobs": None, "finish_reason": finish(text)}
            yield event({**head, "choices": [last]})
        if ask.include_usage:
            yield event({**head, "choices": [], "usage": usage(ask, texts)})
        yield b"data: [DONE]\n\n"

    def error(self, status: int, message: str) -> dict[str, Any]:
        return openai_error(status, message)


def _head(ask: Ask) -> dict[str, Any]:
    return {"id": identifier("cmpl-", ask), "object": "text_completion", "created": CREATED, "model": ask.model}


def _texts(ask: Ask) -> list[Text]:
    texts = []
    for prompt in ask.prompts:
        own = hashlib.blake2b(ask.digest + prompt.encode(), digest_size=16).digest()
        alone = replace(ask, question=prompt, digest=own)
        texts += [answer(alone, index) for index in range(ask.choices)]
    return texts


def _prompts(prompt: object) -> list[str]:
    if isinstance(prompt, str):
        return [prompt]
    if not isinstance(prompt, list) or not prompt:
        raise asks.BadRequestError("Invalid 'prompt': expected a string, or an array with at least one item.")
    if all(type(token) is int for token in prompt):
        return [_of_tokens(prompt)]
    if all(isinstance(item, (str, list)) for item in prompt):
        return [item if isinstance(item, str) else _of_tokens(item) for item in prompt]
    raise asks.BadRequestError("Invalid 'prompt': expected strings or arrays of token ids.")


def _of_tokens(ids: list[Any]) -> str:
    """As many characters as the ids would stand for, so that they are counted as they came."""
    return "".join(f"{str(token)[-3:]:>3} " for token in ids)
