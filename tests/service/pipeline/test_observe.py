"""Observe: what a request says of itself without its words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from detectors.features import Extractor
from service.model.query import Inspect, Operation, Query
from service.pipeline.observe import observe
from service.pipeline.trail import Recognised
from tests.service.pipeline.factories import an_event

if TYPE_CHECKING:
    from detectors.core.observation import Observations

EXTRACTOR = Extractor(b"k" * 32)


def seen(parameters: dict[str, Any] | None = None, **changes: Any) -> Observations:
    """The one row of a query with these parameters."""
    event = an_event(**changes)
    event = replace(event, query=replace(event.query, parameters=parameters or {}))
    return observe([event], [Recognised(continues=False, rerun=False)], EXTRACTOR)


def test_parameters_become_numbers() -> None:
    """Caps under any of their names, samples, log-probabilities and the fields of a schema."""
    row = seen({"max_completion_tokens": 3, "n": 4, "logprobs": True, "schema_fields": ["answer", "question"]})
    assert (row.max_tokens[0], row.samples[0], row.logprobs[0], row.training_schema[0]) == (3, 4, True, True)


def test_silence_is_no_parameter() -> None:
    """A plain request asks for one answer without a cap, and biases nothing."""
    row = seen()
    assert (row.max_tokens[0], row.samples[0], row.logprobs[0], row.bias[0]) == (0, 1, False, 0)


@pytest.mark.parametrize("value", [True, -1, 1e300, "7", None])
def test_nonsense_counts_as_not_given(value: Any) -> None:
    """What no upstream would take is no cap; a boolean is at most one."""
    assert seen({"max_tokens": value}).max_tokens[0] <= 1


def test_bias_is_told_by_its_set() -> None:
    """Other ids are another digest, the same ids the same."""
    a, b, c = (seen({"logit_bias_ids": ids}).bias[0] for ids in ([1, 2], [1, 3], [1, 2]))
    assert a == c != b != 0


def test_turns_are_counted_and_tools_seen() -> None:
    """Two turns of the model and one of a tool are three that the request carries."""
    turns = (("user", "a"), ("assistant", "b"), ("tool", "c"), ("assistant", "d"), ("user", "e"))
    row = seen(turns=turns)
    assert (row.depth[0], row.tools[0]) == (3, True)


@pytest.mark.parametrize(
    ("prompt", "open_turn"),
    [
        pytest.param("<|start|>user<|end|>\n\n", True, id="header"),
        pytest.param("[INST] ", True, id="bracket"),
        pytest.param("A chat.\n\n### User:\n", True, id="heading"),
        pytest.param("Human:", True, id="label"),
        pytest.param("<|user|>\nWhat is rent?<|assistant|>\n", False, id="asked"),
        pytest.param("def user(name):\n    return ", False, id="code"),
        pytest.param("### Instruction:\nSort these.\n\n### Response:\n", False, id="instruction-given"),
    ],
)
def test_an_open_turn_is_the_users(prompt: str, *, open_turn: bool) -> None:
    """A completion that ends where the user would begin makes the model write the user's part."""
    event = an_event()
    query = Query(Operation.COMPLETION, Inspect.PARSED, prompts=(prompt,))
    row = observe([replace(event, query=query)], [Recognised(continues=False, rerun=False)], EXTRACTOR)
    assert row.open_turn[0] == open_turn


def test_a_chat_without_a_user_is_not_open() -> None:
    """A request whose words are all in the system prompt is answered like any other: some products ask so."""
    assert not seen(turns=(("system", "You are a helpful assistant."),)).open_turn[0]


def test_tools_are_told_by_their_names() -> None:
    """Other tools are another digest, the same ones the same, none at all 0."""
    a, b, c, none = (seen({"tools": names} if names else {}).offered[0] for names in (["f"], ["f", "g"], ["f"], []))
    assert a == c != b
    assert none == 0


def test_refusals_are_told_from_errors() -> None:
    """403 and 429 are refusals; 500 is not."""
    assert [bool(seen(status=status).refused[0]) for status in (200, 403, 429, 500)] == [False, True, True, False]
