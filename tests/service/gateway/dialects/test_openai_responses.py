"""Responses: instructions, a string or items, and a stream whose last event has it all."""

from __future__ import annotations

import pytest

from service.model.query import Inspect, Operation
from tests.service.gateway.dialects.reading import RESPONSES, answer, query, said, streamed

RESPONSE = (
    b'{"id":"r","object":"response","model":"large-1-0806","status":"completed","output":['
    b'{"type":"reasoning","summary":[]},'
    b'{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Ahoy."}]}],'
    b'"usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":8},"output_tokens":3,"total_tokens":15}}'
)
BEGUN = b'event: response.created\ndata: {"type":"response.created","response":{"id":"r","model":"large-1-0806"}}\n\n'
DELTAS = (
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","output_index":1,"delta":"Ah"}\n\n'
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","output_index":1,"delta":"oy."}\n\n'
)
ENDED = b'event: response.completed\ndata: {"type":"response.completed","response":' + RESPONSE + b"}\n\n"


def test_items() -> None:
    """Messages, typed or not, and outputs of tools are turns; calls, reasoning and references are none."""
    body = b"""{"model": "m", "instructions": "Be kind.", "input": [
      {"role": "user", "content": "Where is my order?"},
      {"type": "reasoning", "summary": []},
      {"type": "function_call", "call_id": "c", "name": "find", "arguments": "{}"},
      {"type": "function_call_output", "call_id": "c", "output": "On its way."},
      {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "On its way."}]},
      {"type": "item_reference", "id": "x"},
      {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Thanks."}]}]}"""
    assert said(RESPONSES, body) == [
        ("system", "Be kind."),
        ("user", "Where is my order?"),
        ("tool", "On its way."),
        ("assistant", "On its way."),
        ("user", "Thanks."),
    ]


@pytest.mark.parametrize(
    ("body", "inspect", "turns"),
    [
        pytest.param(b'{"input": "Hello"}', Inspect.PARSED, [("user", "Hello")], id="string"),
        pytest.param(b'{"previous_response_id": "r"}', Inspect.PARSED, [], id="no-input"),
        pytest.param(b'{"input": 4}', Inspect.UNPARSED, [], id="number"),
        pytest.param(b'{"input": [{"type": []}, 4, {"role": {}}]}', Inspect.PARSED, [("user", "")], id="odd-items"),
    ],
)
def test_inputs(body: bytes, inspect: Inspect, turns: list[tuple[str, str]]) -> None:
    """The input is a string, items or missing."""
    read = query(RESPONSES, body)
    assert (read.operation, read.inspect) == (Operation.RESPONSES, inspect)
    assert said(RESPONSES, body) == turns


def test_parameters() -> None:
    """The forms of this API for effort, format and tools are kept, their texts are not."""
    read = query(
        RESPONSES,
        b'{"input": "x", "reasoning": {"effort": "low"}, "text": {"format": {"type": "json_schema", "schema": {}}},'
        b' "tools": [{"type": "web_search"}, {"type": "function", "name": "find", "description": "Finds."}]}',
    )
    assert read.parameters == {
        "reasoning": {"effort": "low"},
        "response_format": "json_schema",
        "tools": ["find", "web_search"],
    }


def test_answer() -> None:
    """Text of messages is counted, usage read under its names here."""
    read = answer(RESPONSES, RESPONSE)
    assert (read.model, read.finish, read.text_length) == ("large-1-0806", "completed", 5)
    assert (read.input_tokens, read.output_tokens) == (12, 3)


def test_stream() -> None:
    """A stream that came to its end is the document of its last event."""
    assert streamed(RESPONSES, BEGUN + DELTAS + ENDED) == answer(RESPONSES, RESPONSE)


def test_stream_without_its_end() -> None:
    """Without the last event the text is joined from the pieces, and the answer says that it broke off."""
    read = streamed(RESPONSES, BEGUN + DELTAS)
    assert (read.inspect, read.model, read.text_length) == (Inspect.UNPARSED, "large-1-0806", 5)


def test_incomplete() -> None:
    """An answer that the limit ended says so."""
    body = RESPONSE.replace(b'"completed"', b'"incomplete","incomplete_details":{"reason":"max_output_tokens"}')
    assert answer(RESPONSES, body).finish == "max_output_tokens"
