"""Tokens: word by word, and yet those of the whole text."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from detectors.features import embedding, tokens
from detectors.features.tokens import MARK, Tokens, TokensError

PATH = str(files("wordllama") / "tokenizers" / "l2_supercat_tokenizer_config.json")
TOKENIZER = Tokenizer.from_file(PATH)
TOKENIZER.no_padding()
TOKENIZER.no_truncation()
ENCODED = Tokens(TOKENIZER)


def whole(text: str) -> list[int]:
    """What the tokenizer gives for the whole text."""
    return list(TOKENIZER.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("  two  and   three    blanks ", id="runs-of-blanks"),
        pytest.param("def f():\n    return 1\n\n\n", id="indented"),
        pytest.param(f"a{MARK} b {MARK}c{MARK}{MARK}d", id="marks-of-its-own"),
        pytest.param("tabs\tand\r\nreturns \u00a0 and\u2028more", id="other-white-space"),
        pytest.param("日本語 テスト e\u0301 \U0001f600\U0001f600", id="other-scripts"),
        pytest.param("a <s> b </s><unk> c\0d", id="special-tokens-and-nul"),
        pytest.param("x" * 500, id="one-long-word"),
    ],
)
def test_words_make_the_whole(text: str) -> None:
    """The words' tokens, put together, are the text's."""
    assert ENCODED(text) == whole(text)


@given(st.text(st.sampled_from(f"ab. \n\t{MARK}é<s>\0漢"), max_size=40))
def test_any_text_has_its_tokens(text: str) -> None:
    """However blanks, marks and breaks follow one another."""
    assert ENCODED(text) == whole(text)


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More words than are kept have their tokens all the same."""
    monkeypatch.setattr(tokens, "LIMIT", 8)
    encoded = Tokens(TOKENIZER)
    text = " ".join(f"word{n}" for n in range(50))
    assert encoded(text) == encoded(text) == whole(text)
    assert len(encoded._words) <= 8


def test_a_vector_does_not_depend_on_its_batch() -> None:
    """To the last bit, so that a replay finds what the live run found."""
    embedder = embedding.default()
    texts = ["One text.", "", "another, and longer, text", "x"] * 5
    for alone, vector in zip((embedder.embed([text])[0] for text in texts), embedder.embed(texts), strict=True):
        np.testing.assert_array_equal(alone, vector)


def _changed(**parts: Any) -> Tokenizer:
    spec = json.loads(TOKENIZER.to_str())
    for name, value in parts.items():
        spec[name] = value
    return Tokenizer.from_str(json.dumps(spec))


def test_a_tokenizer_that_sees_beyond_a_word_is_refused() -> None:
    """One token across the end of a word, or texts prepared otherwise, and words would not make the whole."""
    model = json.loads(TOKENIZER.to_str())["model"]
    across = {**model, "vocab": {**model["vocab"], f"e{MARK}": len(model["vocab"])}}
    with pytest.raises(TokensError, match="goes on beyond a word"):
        Tokens(_changed(model=across))
    with pytest.raises(TokensError, match="prepares texts otherwise"):
        Tokens(_changed(normalizer=None))
