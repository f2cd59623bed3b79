"""Every call of the OpenAI and Anthropic SDKs that matters, and what came of it, as JSON on standard output.

It runs in the interpreter of either generation of the SDKs and imports nothing else.
``calls.py PLAN``: the plan is JSON, name -> [address, key, which], and ``which`` is ``all``, or
``refused`` for the two calls that a gateway refuses for who is calling.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import anthropic
import openai

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = [{"role": "user", "content": "Explain how a river shapes its valley."}]
WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}
STATUSES = (400, 401, 403, 404, 429, 500)

Said = dict[str, Any]


class OpenAI:
    """Calls of the ``openai`` SDK; each tells its name as the end user."""

    def __init__(self, address: str, key: str) -> None:
        self._options: dict[str, Any] = {"base_url": f"{address}/v1", "api_key": key, "max_retries": 0, "timeout": 20}
        self._client: Any = openai.OpenAI(**self._options)

    def chat(self, user: str, **options: Any) -> Any:
        return self._client.chat.completions.create(
            **{"model": "stand-in", "messages": ASKED, "max_tokens": 40, "user": user, **options}
        )

    def chat_whole(self) -> Said:
        answer = self.chat("chat_whole")
        choice = answer.choices[0]
        return {
            "text": choice.message.content,
            "finish": choice.finish_reason,
            "usage": [answer.usage.prompt_tokens, answer.usage.completion_tokens],
        }

    def chat_streamed(self) -> Said:
        return _chunks(list(self.chat("chat_streamed", **WITH_USAGE)))

    def chat_streamed_async(self) -> Said:
        async def go() -> list[Any]:
            async with openai.AsyncOpenAI(**self._options) as client:
                create: Any = client.chat.completions.create
                stream = await create(model="stand-in", messages=ASKED, user="chat_streamed_async", **WITH_USAGE)
                return [chunk async for chunk in stream]

        return _chunks(asyncio.run(go()))

    def completions(self, user: str, **options: Any) -> Any:
        return self._client.completions.create(**{"model": "stand-in", "prompt": "Once", "user": user, **options})

    def completions_whole(self) -> Said:
        answer = self.completions("completions_whole", prompt=["Once", "Twice"], n=2, max_tokens=12)
        return {
            "text": "|".join(choice.text for choice in answer.choices),
            "finish": answer.choices[0].finish_reason,
            "usage": [answer.usage.prompt_tokens, answer.usage.completion_tokens],
        }

    def completions_streamed(self) -> Said:
        return _chunks(list(self.completions("completions_streamed", **WITH_USAGE)))

    def responses(self, user: str, **options: Any) -> Any:
        return self._client.responses.create(**{"model": "stand-in", "input": "Once", "user": user, **options})

    def responses_whole(self) -> Said:
        return _response(self.responses("responses_whole", instructions="Be brief.", max_output_tokens=10))

    def responses_streamed(self) -> Said:
        with self._client.responses.stream(model="stand-in", input=[*ASKED], user="responses_streamed") as stream:
            deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
            return {**_response(stream.get_final_response()), "text": "".join(deltas)}

    def embed(self, user: str, model: str = "stand-in-embedding") -> Any:
        return self._client.embeddings.create(model=model, input=["a river", "a valley"], user=user)

    def embeddings(self) -> Said:
        # The SDK asks for base64 and unpacks it.
        answer = self.embed("embeddings")
        return {
            "vectors": [[round(number, 6) for number in item.embedding[:4]] for item in answer.data],
            "usage": [answer.usage.prompt_tokens, 0],
        }

    def models(self) -> Said:
        return {"ids": [model.id for model in self._client.models.list()]}

    def retried(self) -> Said:
        patient = self._client.with_options(max_retries=1).chat.completions
        return outcome(lambda: patient.create(model="error-500", messages=ASKED, user="retried"))


class Anthropic:
    """Calls of the ``anthropic`` SDK, likewise."""

    def __init__(self, address: str, key: str) -> None:
        self._options: dict[str, Any] = {"base_url": address, "api_key": key, "max_retries": 0, "timeout": 20}
        self._client: Any = anthropic.Anthropic(**self._options)

    def messages(self, user: str, **options: Any) -> Any:
        return self._client.messages.create(**{**_asked(user), **options})

    def messages_whole(self) -> Said:
        return _message(self.messages("messages_whole", system="Be kind."))

    def messages_streamed(self) -> Said:
        events = list(self.messages("messages_streamed", stream=True))
        started = next(event.message for event in events if event.type == "message_start")
        ended = next(event for event in events if event.type == "message_delta")
        return {
            "text": "".join(event.delta.text for event in events if event.type == "content_block_delta"),
            "finish": ended.delta.stop_reason,
            "usage": [started.usage.input_tokens, ended.usage.output_tokens],
        }

    def messages_helper_streamed(self) -> Said:
        with self._client.messages.stream(**_asked("messages_helper_streamed")) as stream:
            pieces = list(stream.text_stream)
            return {**_message(stream.get_final_message()), "text": "".join(pieces)}

    def messages_helper_streamed_async(self) -> Said:
        async def go() -> Said:
            async with (
                anthropic.AsyncAnthropic(**self._options) as client,
                client.messages.stream(**_asked("messages_helper_streamed_async")) as stream,
            ):
                return _message(await stream.get_final_message())

        return asyncio.run(go())

    def anthropic_models(self) -> Said:
        return {"ids": [model.id for model in self._client.models.list()]}


def _asked(user: str) -> dict[str, Any]:
    return {"model": "stand-in", "max_tokens": 40, "messages": ASKED, "metadata": {"user_id": user}}


def _chunks(chunks: list[Any]) -> Said:
    choices = [choice for chunk in chunks for choice in chunk.choices]
    pieces = [choice.delta.content if hasattr(choice, "delta") else choice.text for choice in choices]
    usage = chunks[-1].usage
    return {
        "text": "".join(piece or "" for piece in pieces),
        "finish": choices[-1].finish_reason,
        "usage": [usage.prompt_tokens, usage.completion_tokens],
        "chunks": len(chunks),
    }


def _response(answer: Any) -> Said:
    return {
        "text": answer.output_text,
        "finish": answer.incomplete_details.reason if answer.incomplete_details else answer.status,
        "usage": [answer.usage.input_tokens, answer.usage.output_tokens],
    }


def _message(answer: Any) -> Said:
    return {
        "text": answer.content[0].text,
        "finish": answer.stop_reason,
        "usage": [answer.usage.input_tokens, answer.usage.output_tokens],
    }


def outcome(call: Callable[[], Any]) -> Said:
    """The exception that a call raises, as its caller sees it."""
    try:
        call()
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        body: Any = error.response.json()
        return {
            "error": type(error).__name__,
            "status": error.status_code,
            "message": body["error"]["message"],
            "type": body["error"]["type"],
            "retry_after": error.response.headers.get("retry-after"),
        }
    except Exception as error:  # noqa: BLE001 - which one it is depends on the generation
        return {"error": type(error).__name__, "status": 0}
    return {"error": None}


def failing(one: OpenAI, other: Anthropic, model: str) -> dict[str, Callable[[], Any]]:
    """Each API's call with this model."""
    return {
        f"chat {model}": lambda: one.chat("", model=model),
        f"chat streamed {model}": lambda: list(one.chat("", model=model, stream=True)),
        f"completions {model}": lambda: one.completions("", model=model),
        f"responses {model}": lambda: one.responses("", model=model),
        f"embeddings {model}": lambda: one.embed("", model=model),
        f"messages {model}": lambda: other.messages("", model=model),
        f"messages streamed {model}": lambda: list(other.messages("", model=model, stream=True)),
    }


def calls(address: str, key: str, which: str) -> dict[str, Any]:
    """What came of the calls to this address."""
    one, other = OpenAI(address, key), Anthropic(address, key)
    if which == "refused":
        return {"chat": outcome(lambda: one.chat("")), "messages": outcome(lambda: other.messages(""))}
    answered = [
        *(one.chat_whole, one.chat_streamed, one.chat_streamed_async, one.completions_whole, one.completions_streamed),
        *(one.responses_whole, one.responses_streamed, one.embeddings, one.models, one.retried),
        *(other.messages_whole, other.messages_streamed, other.messages_helper_streamed),
        *(other.messages_helper_streamed_async, other.anthropic_models),
    ]
    said = {call.__name__: call() for call in answered}
    for model in (*(f"error-{status}" for status in STATUSES), "reset-midstream"):
        said |= {name: outcome(call) for name, call in failing(one, other, model).items()}
    said["no messages"] = outcome(lambda: one.chat("", messages=[]))
    return said


def main() -> None:
    """Everything in the plan."""
    plan: dict[str, list[str]] = json.loads(sys.argv[1])
    done = {name: calls(*arguments) for name, arguments in plan.items()}
    json.dump({"versions": [openai.__version__, anthropic.__version__], **done}, sys.stdout)


if __name__ == "__main__":
    main()
