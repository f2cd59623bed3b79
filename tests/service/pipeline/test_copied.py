"""Copied: extraction is seen in every dialect, an answer of its own is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.pipeline.copied import copied
from tests.service.pipeline.factories import an_event

DOCUMENT = (
    "The tenant pays 840 euro a month, due on the third working day. Notice is three months to the quarter's end."
)
OWN = "Rents differ by town and by year of building, so that a single figure tells little of what is fair to ask."


def share(body: Any, asked: str = DOCUMENT) -> float:
    """Of an answer with this body to that request."""
    event = an_event(turns=(("user", f"Quote what matters.\n{asked}"),))
    return copied(replace(event, answer=replace(event.answer, body=body)))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"choices": [{"message": {"content": DOCUMENT}}]}, id="chat"),
        pytest.param({"choices": [{"text": DOCUMENT}]}, id="completion"),
        pytest.param({"content": [{"type": "text", "text": DOCUMENT}]}, id="messages"),
        pytest.param({"output": [{"content": [{"type": "output_text", "text": DOCUMENT}]}]}, id="responses"),
    ],
)
def test_a_quotation_is_a_copy(body: Any) -> None:
    """An answer that stands in the request is copied whole, whatever API wrote it."""
    assert share(body) == 1.0


def test_an_answer_of_its_own_is_no_copy() -> None:
    """Other words share no snippet of twenty characters."""
    assert share({"choices": [{"message": {"content": OWN}}]}) == 0.0


def test_half_a_copy_is_about_half() -> None:
    """A quotation with as long a comment lies in between."""
    assert share({"choices": [{"message": {"content": f"{DOCUMENT} {OWN}"}}]}) == pytest.approx(0.5, abs=0.15)


def test_line_breaks_do_not_matter() -> None:
    """The same words over other lines are the same words."""
    assert share({"choices": [{"message": {"content": DOCUMENT.replace(". ", ".\n\n")}}]}) == 1.0


@pytest.mark.parametrize("body", [None, {}, {"choices": [{"message": {"content": None}}]}, {"content": "short"}, [1]])
def test_no_text_is_no_copy(body: Any) -> None:
    """Without a text that is long enough there is nothing to compare."""
    assert share(body) == 0.0
