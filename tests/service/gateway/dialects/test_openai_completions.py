"""Completions: a prompt, a list of them, or token ids."""

from __future__ import annotations

import pytest

from service.model.query import Inspect, Operation
from tests.service.gateway.dialects.reading import COMPLETIONS, answer, query, streamed


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        pytest.param('"one"', ("one",), id="string"),
        pytest.param('["one", "two"]', ("one", "two"), id="list"),
        pytest.param("[1, 2, 3]", (), id="token-ids"),
        pytest.param("[[1, 2], [3]]", (), id="lists-of-token-ids"),
        pytest.param('["one", [1], null]', ("one",), id="mixed"),
        pytest.param("null", (), id="null"),
    ],
)
def test_prompts(prompt: str, prompts: tuple[str, ...]) -> None:
    """Prompts in text are read, token ids are no text, and both are understood."""
    read = query(COMPLETIONS, f'{{"model": "base", "prompt": {prompt}, "suffix": "the end", "max_tokens": 5}}'.encode())
    assert (read.operation, read.inspect, read.prompts) == (Operation.COMPLETION, Inspect.PARSED, prompts)
    assert read.parameters == {"max_tokens": 5}


def test_prompt_of_the_wrong_shape() -> None:
    """A prompt that is a number is not understood."""
    assert query(COMPLETIONS, b'{"prompt": 5}').inspect is Inspect.UNPARSED


def test_answer() -> None:
    """The texts of all choices are counted."""
    read = answer(
        COMPLETIONS,
        b'{"model": "base", "choices": [{"text": "abc", "finish_reason": "length"}, {"text": "de"}],'
        b' "usage": {"prompt_tokens": 2, "completion_tokens": 3}}',
    )
    assert (read.text_length, read.finish, read.input_tokens, read.output_tokens) == (5, "length", 2, 3)


def test_stream() -> None:
    """Pieces are joined by choice."""
    read = streamed(
        COMPLETIONS,
        b'data: {"id":"x","model":"base","choices":[{"index":0,"text":"ab"},{"index":1,"text":"x"}]}\n\n'
        b'data: {"id":"x","model":"base","choices":[{"index":0,"text":"c","finish_reason":"stop"}]}\n\n'
        b'data: {"id":"x","model":"base","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":4}}\n\n'
        b"data: [DONE]\n\n",
    )
    assert [choice["text"] for choice in read.body["choices"]] == ["abc", "x"]
    assert (read.inspect, read.finish, read.output_tokens) == (Inspect.PARSED, "stop", 4)
