"""Parameters: how a request asks, without a word of what it asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.service.gateway.dialects.reading import CHAT, PATHS, query

CANARY = "the canary sings at night"


def parameters(**fields: Any) -> dict[str, Any]:
    """What is kept of a chat request with these fields."""
    return query(CHAT, {"messages": [], **fields}).parameters


@pytest.mark.parametrize("path", PATHS)
def test_no_text(path: str) -> None:
    """Wherever a text may stand, known field or not, none of it is among the parameters."""
    part = {"type": "text", "text": CANARY, "name": CANARY}
    fields = (  # noqa: SIM905 - one a line would be thirty lines
        "messages system prompt input instructions suffix metadata user stop stop_sequences documents prediction "
        "guided_regex chat_template extra_body response_format text tool_choice reasoning reasoning_effort thinking "
        "stream_options service_tier logit_bias safety_identifier functions web_search_options"
    ).split()
    for value in (
        CANARY,
        [CANARY],
        [part],
        part,
        {"content": CANARY, "format": CANARY, CANARY: CANARY, "type": CANARY},
    ):
        kept = query(path, {name: value for name in fields if name != "functions"} | {CANARY: value}).parameters
        assert "canary" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        pytest.param(
            {"temperature": 0.7, "n": 4, "logprobs": True}, {"temperature": 0.7, "n": 4, "logprobs": True}, id="plain"
        ),
        pytest.param({"max_tokens": "100"}, {}, id="number-as-a-string"),
        pytest.param({"seed": 2**70}, {}, id="beyond-64-bits"),
        pytest.param({"stop": ["a", "b"]}, {"stop": 2}, id="stop-sequences"),
        pytest.param({"stop": "a"}, {"stop": 1}, id="stop-sequence"),
        pytest.param({"metadata": {"k": "v"}, "user": "u"}, {}, id="who-and-why"),
        pytest.param({"unheard_of": [1, 2], "vendor": {"a": 1}}, {"unheard_of": 2, "vendor": 1}, id="sizes"),
        pytest.param({"response_format": {"type": "json_object"}}, {"response_format": "json_object"}, id="format"),
        pytest.param(
            {"stream_options": {"include_usage": True}}, {"stream_options": {"include_usage": True}}, id="options"
        ),
        pytest.param({"tool_choice": "auto"}, {"tool_choice": "auto"}, id="tool-choice"),
        pytest.param(
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "function"}},
            id="forced",
        ),
        pytest.param(
            {"tools": [{"type": "function", "function": {"name": "b"}}, {"function": {"name": "a"}}, 4]},
            {"tools": ["a", "b"]},
            id="tools",
        ),
        pytest.param(
            {"logit_bias": {"50256": -100, "7": 100, "x": 1}},
            {"logit_bias": 3, "logit_bias_ids": [7, 50256]},
            id="logit-bias",
        ),
        pytest.param({"logit_bias": [1], "tools": "x"}, {"tools": []}, id="odd"),
    ],
)
def test_kept(fields: dict[str, Any], kept: dict[str, Any]) -> None:
    """Numbers and choices are kept, of anything else the size."""
    assert parameters(**fields) == kept


def test_bounded() -> None:
    """A request cannot fill the log with parameters, names of tools or token ids."""
    kept = parameters(
        logit_bias={str(number): 1 for number in range(5000)},
        tools=[{"name": f"tool{number:05}" * 40} for number in range(5000)],
        **{f"x{number}": number for number in range(5000)},
    )
    assert len(json.dumps(kept)) < 10_000


@pytest.mark.parametrize(
    ("fields", "end_user"),
    [
        ({"user": "a", "safety_identifier": "b"}, "a"),
        ({"user": "", "safety_identifier": "b"}, "b"),
        ({"user": 4, "metadata": {"user_id": "c"}}, "c"),
        ({"metadata": "c"}, ""),
        ({"user": "x" * 500}, "x" * 128),
    ],
)
def test_end_user(fields: dict[str, Any], end_user: str) -> None:
    """The first of the three fields that is not empty names the end user, in 128 characters at most."""
    assert query(CHAT, {"messages": [], **fields}).end_user == end_user


def test_fields_of_training_data_are_kept_by_name_and_no_others() -> None:
    """Of a schema's properties those that rows of training data bear, however deep; a customer's own names never."""
    row = {"type": "object", "properties": {"instruction": {}, "Output": {}, "invoice_number": {}}}
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}
    found = parameters(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    assert found == {"response_format": "json_schema", "schema_fields": ["instruction", "output"]}


def test_a_tools_schema_is_looked_at_too() -> None:
    """A forced function is a way to ask for rows."""
    tool = {
        "type": "function",
        "function": {"name": "Row", "parameters": {"properties": {"question": {}, "answer": {}}}},
    }
    assert parameters(tools=[tool]) == {"tools": ["Row"], "schema_fields": ["answer", "question"]}


def test_an_endless_schema_ends() -> None:
    """What is nested deeper than any schema is not looked at."""
    schema: dict[str, object] = {"properties": {"answer": {}}}
    for _ in range(40):
        schema = {"properties": {"inner": schema}}
    assert "schema_fields" not in parameters(response_format={"type": "json_schema", "schema": schema})
