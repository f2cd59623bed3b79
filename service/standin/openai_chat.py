"""``POST /v1/chat/completions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.standin import ask as asks
from service.standin.generator import Text, answer
from service.standin.wire import CREATED, event, grouped, identifier, openai_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.standin.ask import Ask


class Chat:
    """Chat completions."""

    def read(self, document: dict[str, Any]) -> Ask:
        messages = asks.conversation(document.get("messages"))
        options = document.get("stream_options")
        form = document.get("response_format")
        return asks.Ask(
            model=asks.model(document),
            instruction="\n".join(asks.of_roles(messages, "system", "developer")),
            question=(asks.of_roles(messages, "user") or [""])[-1],
            input_tokens=asks.read_tokens(messages) + 3,
            limit=asks.number(document, "max_completion_tokens", "max_tokens"),
            choices=asks.number(document, "n", high=asks.MOST_CHOICES) or 1,
            stream=document.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
            as_json=isinstance(form, dict) and form.get("type") in ("json_object", "json_schema"),
            digest=asks.digest(document),
        )

    def whole(self, ask: Ask, _document: dict[str, Any]) -> dict[str, Any]:
        texts = [answer(ask, index) for index in range(ask.choices)]
        return {
            "id": identifier("chatcmpl-", ask),
            "object": "chat.completion",
            "created": CREATED,
            "model": ask.model,
            "choices": [
                {
                    "index": index,
                    "message": {"role": "assistant", "content": str(text), "refusal": None},
                    "logprobs": None,
                    "finish_reason": finish(text),
                }
                for index, text in enumerate(texts)
            ],
            "usage": usage(ask, texts),
        }

    def stream(self, ask: Ask) -> Iterator[bytes]:
        texts = [answer(ask, index) for index in range(ask.choices)]
        head = {
            "id": identifier("chatcmpl-", ask),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": ask.model,
        }
        for index, text in enumerate(texts):
            yield _chunk(head, index, {"role": "assistant", "content": ""})
            for piece in grouped(text.pieces):
                yield _chunk(head, index, {"content": piece})
            yield _chunk(head, index, {}, finish(text))
        if ask.include_usage:
            yield event({**head, "choices": [], "usage": usage(ask, texts)})
        yield b"data: [DONE]\n\n"

    def error(self, status: int, message: str) -> dict[str, Any]:
        return openai_error(status, message)


def finish(text: Text) -> str:
    """Why the answer ended."""
    return "length" if text.cut else "stop"


def usage(ask: Ask, texts: list[Text]) -> dict[str, Any]:
    """What was read and written."""
    written = sum(len(text.pieces) for text in texts)
    return {
        "prompt_tokens": ask.input_tokens,
        "completion_tokens": written,
        "total_tokens": ask.input_tokens + written,
    }


def _chunk(head: dict[str, Any], index: int, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return event({**head, "choices": [choice]})
