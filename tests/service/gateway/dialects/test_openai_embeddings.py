"""Embeddings: texts or token ids in, vectors out that the log does not keep."""

from __future__ import annotations

import pytest

from service.model.query import Inspect, Operation
from tests.service.gateway.dialects.reading import EMBEDDINGS, answer, cut, query


@pytest.mark.parametrize(
    ("given", "prompts"),
    [
        pytest.param('"one"', ("one",), id="string"),
        pytest.param('["one", "two"]', ("one", "two"), id="list"),
        pytest.param("[[78503, 1914], [6]]", (), id="token-ids"),
    ],
)
def test_request(given: str, prompts: tuple[str, ...]) -> None:
    """Texts are read, token ids are understood and no text."""
    read = query(EMBEDDINGS, f'{{"model": "e", "input": {given}, "encoding_format": "base64"}}'.encode())
    assert (read.operation, read.inspect, read.prompts) == (Operation.EMBEDDINGS, Inspect.PARSED, prompts)
    assert read.parameters == {"encoding_format": "base64"}


@pytest.mark.parametrize("vector", [b"[0.25, -0.5]", b'"AACAPgAAAL8="'])
def test_answer(vector: bytes) -> None:
    """Vectors, as numbers or packed, are left out; usage and model are kept, and nothing was written."""
    read = answer(
        EMBEDDINGS,
        b'{"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": ' + vector + b"}],"
        b' "model": "e-1", "usage": {"prompt_tokens": 5, "total_tokens": 5}}',
    )
    assert read.body == {"object": "list", "model": "e-1", "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    assert (read.inspect, read.input_tokens, read.output_tokens, read.text_length) == (Inspect.PARSED, 5, 0, 0)


def test_answer_of_which_head_and_tail_are_kept() -> None:
    """The usage stands at the end and is found there."""
    read = cut(
        EMBEDDINGS, b'{"object": "list", "data": [[0.25, 25, 1], "usage": {"prompt_tokens": 5, "total_tokens": 5}}'
    )
    assert (read.inspect, read.input_tokens) == (Inspect.TRUNCATED, 5)
