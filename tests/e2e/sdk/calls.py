"""Every call of the OpenAI and Anthropic SDKs that matters, and what came of it, as JSON on standard output.

Run in the interpreter of either generation of the SDKs: it imports nothing else.
``calls.py ADDRESS KEY`` makes the calls that succeed and those that the upstream refuses;
``calls.py ADDRESS KEY refused`` the two that a gateway refuses for who is calling.
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

ADDRESS, KEY = sys.argv[1:3]
QUESTION = "Explain how a river shapes its valley."
ASKED = [{"role": "user", "content": QUESTION}]

OPENAI: dict[str, Any] = {"base_url": f"{ADDRESS}/v1", "api_key": KEY, "max_retries": 0, "timeout": 20}
ANTHROPIC: dict[str, Any] = {"base_url": ADDRESS, "api_key": KEY, "max_retries": 0, "timeout": 20}
client: Any = openai.OpenAI(**OPENAI)
claude: Any = anthropic.Anthropic(**ANTHROPIC)

Said = dict[str, Any]


def chat(user: str, **options: Any) -> Any:
    return client.chat.completions.create(**{"model": "stand-in", "messages": ASKED, "user": user, **options})


def chat_whole() -> Said:
    answer = chat("chat_whole", max_tokens=40)
    choice = answer.choices[0]
    return {
        "text": choice.message.content,
        "finish": choice.finish_reason,
        "usage": [answer.usage.prompt_tokens, answer.usage.completion_tokens],
    }


def chat_streamed() -> Said:
    return _chunks(list(chat("chat_streamed", max_tokens=40, stream=True, stream_options={"include_usage": True})))


def chat_streamed_async() -> Said:
    async def go() -> list[Any]:
        async with openai.AsyncOpenAI(**OPENAI) as other:
            create: Any = other.chat.completions.create
            options = {"include_usage": True}
            stream = await create(
                model="stand-in",
                messages=ASKED,
                max_tokens=40,
                user="chat_streamed_async",
                stream=True,
                stream_options=options,
            )
            return [chunk async for chunk in stream]

    return _chunks(asyncio.run(go()))


def _chunks(chunks: list[Any]) -> Said:
    choices = [choice for chunk in chunks for choice in chunk.choices]
    usage = chunks[-1].usage
    return {
        "text": "".join(choice.delta.content or "" for choice in choices),
        "finish": choices[-1].finish_reason,
        "usage": [usage.prompt_tokens, usage.completion_tokens],
        "chunks": len(chunks),
    }


def completions_whole() -> Said:
    answer = client.completions.create(
        model="stand-in", prompt=["Once", "Twice"], n=2, max_tokens=12, user="completions_whole"
    )
    return {
        "text": "|".join(choice.text for choice in answer.choices),
        "finish": answer.choices[0].finish_reason,
        "usage": [answer.usage.prompt_tokens, answer.usage.completion_tokens],
    }


def completions_streamed() -> Said:
    stream = client.completions.create(
        model="stand-in",
        prompt="Once",
        user="completions_streamed",
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    choices = [choice for chunk in chunks for choice in chunk.choices]
    usage = chunks[-1].usage
    return {
        "text": "".join(choice.text for choice in choices),
        "finish": choices[-1].finish_reason,
        "usage": [usage.prompt_tokens, usage.completion_tokens],
    }


def responses_whole() -> Said:
    return _response(
        client.responses.create(
            model="stand-in", instructions="Be brief.", input=QUESTION, max_output_tokens=10, user="responses_whole"
        )
    )


def responses_streamed() -> Said:
    with client.responses.stream(model="stand-in", input=[*ASKED], user="responses_streamed") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    return {**_response(final), "text": "".join(deltas)}


def _response(answer: Any) -> Said:
    return {
        "text": answer.output_text,
        "finish": answer.incomplete_details.reason if answer.incomplete_details else answer.status,
        "usage": [answer.usage.input_tokens, answer.usage.output_tokens],
    }


def embeddings() -> Said:
    # The SDK asks for base64 and unpacks it.
    answer = client.embeddings.create(model="stand-in-embedding", input=["a river", "a valley"], user="embeddings")
    return {
        "vectors": [[round(number, 6) for number in item.embedding[:4]] for item in answer.data],
        "usage": [answer.usage.prompt_tokens, 0],
    }


def models() -> Said:
    return {"openai": [model.id for model in client.models.list()], "anthropic": [m.id for m in claude.models.list()]}


def messages(user: str, **options: Any) -> Any:
    defaults = {"model": "stand-in", "max_tokens": 40, "messages": ASKED, "metadata": {"user_id": user}}
    return claude.messages.create(**{**defaults, **options})


def messages_whole() -> Said:
    return _message(messages("messages_whole", system="Be kind."))


def messages_streamed() -> Said:
    events = list(messages("messages_streamed", stream=True))
    started = next(event.message for event in events if event.type == "message_start")
    ended = next(event for event in events if event.type == "message_delta")
    return {
        "text": "".join(event.delta.text for event in events if event.type == "content_block_delta"),
        "finish": ended.delta.stop_reason,
        "usage": [started.usage.input_tokens, ended.usage.output_tokens],
    }


def messages_helper() -> Said:
    options: Any = {
        "model": "stand-in",
        "max_tokens": 40,
        "messages": ASKED,
        "metadata": {"user_id": "messages_helper"},
    }
    with claude.messages.stream(**options) as stream:
        pieces = list(stream.text_stream)
        return {**_message(stream.get_final_message()), "text": "".join(pieces)}


def messages_helper_async() -> Said:
    async def go() -> Said:
        options: Any = {
            "model": "stand-in",
            "max_tokens": 40,
            "messages": ASKED,
            "metadata": {"user_id": "messages_helper_async"},
        }
        async with anthropic.AsyncAnthropic(**ANTHROPIC) as other, other.messages.stream(**options) as stream:
            return _message(await stream.get_final_message())

    return asyncio.run(go())


def _message(answer: Any) -> Said:
    return {
        "text": answer.content[0].text,
        "finish": answer.stop_reason,
        "usage": [answer.usage.input_tokens, answer.usage.output_tokens],
    }


def retried() -> Said:
    try:
        client.with_options(max_retries=1).chat.completions.create(model="error-500", messages=ASKED, user="retried")
    except openai.InternalServerError as error:
        return {"error": type(error).__name__}
    return {}


def failing(model: str) -> dict[str, Callable[[], Any]]:
    """Each API's call with this model."""
    return {
        f"chat {model}": lambda: chat("", model=model),
        f"chat streamed {model}": lambda: list(chat("", model=model, stream=True)),
        f"completions {model}": lambda: client.completions.create(model=model, prompt="Once"),
        f"responses {model}": lambda: client.responses.create(model=model, input="Once"),
        f"embeddings {model}": lambda: client.embeddings.create(model=model, input="Once"),
        f"messages {model}": lambda: messages("", model=model),
        f"messages streamed {model}": lambda: list(messages("", model=model, stream=True)),
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


ANSWERED = (
    chat_whole,
    chat_streamed,
    chat_streamed_async,
    completions_whole,
    completions_streamed,
    responses_whole,
    responses_streamed,
    embeddings,
    models,
    messages_whole,
    messages_streamed,
    messages_helper,
    messages_helper_async,
    retried,
)


def main() -> None:
    """All of it."""
    said: dict[str, Any] = {"versions": [openai.__version__, anthropic.__version__]}
    if sys.argv[3:] == ["refused"]:
        refused = {"chat": lambda: chat(""), "messages": lambda: messages("")}
        said |= {name: outcome(call) for name, call in refused.items()}
    else:
        said |= {call.__name__: call() for call in ANSWERED}
        for model in ("error-400", "error-401", "error-403", "error-404", "error-429", "error-500", "error-503"):
            said |= {name: outcome(call) for name, call in failing(model).items()}
        said |= {
            "reset chat": outcome(lambda: list(chat("", model="reset-midstream", stream=True))),
            "reset messages": outcome(lambda: list(messages("", model="reset-midstream", stream=True))),
            "no messages": outcome(lambda: chat("", messages=[])),
        }
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
