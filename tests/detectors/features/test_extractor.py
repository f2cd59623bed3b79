"""Extractor: bounded, cached, keyed, and the same whatever batch a text comes in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.core.observation import Observations
from detectors.features import Extractor, Prompt

KEY = b"k" * 32
TEXT_ROWS = ("has_text", "prompt", "skeleton", "slots", "cell", "embedding", "surface", "ngrams")
EXTRACTOR = Extractor(KEY)


def filled(*prompts: Prompt | None, extractor: Extractor = EXTRACTOR) -> Observations:
    """Rows of these prompts."""
    rows = Observations.empty(len(prompts))
    extractor.fill(rows, prompts)
    return rows


def asks(text: str, system: str = "") -> Prompt:
    """A prompt with this user turn."""
    return Prompt(system, text)


def assert_equal(a: Observations, b: Observations) -> None:
    """Bit for bit."""
    for name in TEXT_ROWS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@given(st.lists(st.builds(Prompt, st.text(max_size=60), st.text(max_size=900)), max_size=6))
@settings(max_examples=60)
def test_batches_do_not_matter(prompts: list[Prompt]) -> None:
    """Any text, in a batch, by itself or from the cache, by an extractor old or new, gives the same bits."""
    together = filled(*prompts, extractor=Extractor(KEY))
    if prompts:
        assert_equal(Observations.concat([filled(prompt) for prompt in prompts]), together)
    assert_equal(filled(*prompts), together)


def test_rows_without_a_prompt_are_left_alone() -> None:
    """None leaves its row as it was."""
    rows = Observations.empty(2)
    rows.surface[0] = 7.0
    EXTRACTOR.fill(rows, [None, asks("hello there")])
    assert rows.has_text.tolist() == [False, True]
    assert (rows.surface[0] == 7.0).all()


@pytest.mark.parametrize("text", ["", "   \n ", "\x00", "\ud800"], ids=["empty", "blank", "nul", "surrogate"])
def test_texts_that_say_nothing(text: str) -> None:
    """What has no known token may have no text; it never raises and never gives a number that is none."""
    rows = filled(asks(text))
    assert np.isfinite(rows.embedding).all()
    if not text.strip():
        assert not rows.has_text[0]
        assert not rows.embedding.any()
        assert rows.prompt[0] == 0


def test_vectors_have_unit_length() -> None:
    """Embedding and n-grams are of length one, surface features finite."""
    rows = filled(asks("Write a poem about the sea."), asks("Решите уравнение x² = 9"), asks("写一首诗"))
    np.testing.assert_allclose(np.linalg.norm(rows.embedding, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(rows.ngrams, axis=1), 1.0, rtol=1e-5)
    assert np.isfinite(rows.surface).all()


def test_meaning_is_near_meaning() -> None:
    """Two questions about the sea are nearer to each other than to one about invoices."""
    sea, ocean, invoice = filled(
        asks("Write a poem about the sea and its waves"),
        asks("Compose verses on the ocean and its tides"),
        asks("Why was my invoice charged twice this month?"),
    ).embedding
    assert sea @ ocean > max(sea @ invoice, ocean @ invoice) + 0.1


def test_digests_are_keyed() -> None:
    """Another installation's digests of the same text are unrelated; the numbers are the same."""
    ours, theirs = filled(asks("hello there")), filled(asks("hello there"), extractor=Extractor(b"other"))
    for name in ("prompt", "skeleton", "slots"):
        assert getattr(ours, name)[0] != getattr(theirs, name)[0]
    np.testing.assert_array_equal(ours.embedding, theirs.embedding)


def test_case_and_spacing_do_not_make_a_new_prompt() -> None:
    """The prompt's digest is of the normalised text."""
    rows = filled(asks("Hello  there\n"), asks("hello there"), asks("hello here"))
    assert rows.prompt[0] == rows.prompt[1] != rows.prompt[2]


def test_of_a_long_text_ends_are_read_and_all_is_hashed() -> None:
    """Two long texts that differ in the middle have the same views and different digests."""
    head, tail = "word " * 200, " end" * 200
    rows = filled(asks(head + "alpha " * 500 + tail), asks(head + "gamma " * 500 + tail))
    np.testing.assert_array_equal(rows.embedding[0], rows.embedding[1])
    np.testing.assert_array_equal(rows.ngrams[0], rows.ngrams[1])
    assert rows.prompt[0] != rows.prompt[1]
    assert rows.surface[0][0] == pytest.approx(np.log1p(len((head + "alpha " * 500 + tail).strip())))


def test_the_system_prompt_is_part_of_the_skeleton_alone() -> None:
    """Another system prompt is another template, and the same question."""
    rows = filled(asks("What is love?", "You are a poet."), asks("What is love?", "You judge answers from 1 to 5."))
    assert rows.skeleton[0] != rows.skeleton[1]
    assert rows.prompt[0] == rows.prompt[1]
    np.testing.assert_array_equal(rows.embedding[0], rows.embedding[1])


def test_one_template_with_ever_new_slots() -> None:
    """The same instruction over other records has one skeleton, and as many slots and prompts as records."""
    template = "Rate the answer from 1 to 5.\nQuestion: {}\nAnswer: {}\nGive the number only."
    records = [("who wrote Emma?", "Jane Austen"), ("what is 2 + 2?", "it is 5, I think"), ("why?", "because")]
    rows = filled(*(asks(template.format(*record)) for record in records))
    assert len(set(rows.skeleton.tolist())) == 1
    assert len(set(rows.slots.tolist())) == len(set(rows.prompt.tolist())) == 3


def test_a_small_cache_still_answers() -> None:
    """A batch larger than the cache is answered whole, and what was thrown out is computed again."""
    small = Extractor(KEY, cache=2)
    prompts = [asks(f"question number {word}") for word in ("one", "two", "three", "four", "one")]
    for _ in range(2):
        assert_equal(filled(*prompts, extractor=small), filled(*prompts))


def test_version_names_the_bound() -> None:
    """Numbers read within another bound are not compared."""
    assert Extractor(KEY, bound=384).version != EXTRACTOR.version
    assert "bound-768" in EXTRACTOR.version


@pytest.mark.parametrize("wrong", [{"bound": 10}, {"cache": 0}])
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    """A bound or a cache of nothing is a mistake, said with its value."""
    with pytest.raises(ValueError, match=f"invalid {next(iter(wrong))} '{next(iter(wrong.values()))}'"):
        Extractor(KEY, **wrong)


def test_rows_and_prompts_must_match() -> None:
    """One prompt a row."""
    with pytest.raises(ValueError, match="2 prompts for 1 rows"):
        EXTRACTOR.fill(Observations.empty(1), [None, None])
