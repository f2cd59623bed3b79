"""Anthropic messages: system beside the turns, results of tools in the user's, named events."""

from __future__ import annotations

import pytest

from service.model.query import Inspect, Operation
from tests.service.gateway.dialects.reading import MESSAGES, answer, query, said, streamed

REQUEST = b"""{"model": "opus-1", "max_tokens": 100, "metadata": {"user_id": "u-7"}, "stop_sequences": ["END", "STOP"],
  "system": [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Be brief."}],
  "thinking": {"type": "enabled", "budget_tokens": 2000}, "tools": [{"name": "look", "input_schema": {}}],
  "messages": [
    {"role": "user", "content": "What is there?"},
    {"role": "assistant", "content": [
      {"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "I look."},
      {"type": "tool_use", "id": "t", "name": "look", "input": {}}]},
    {"role": "user", "content": [
      {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "A boat."}]},
      {"type": "tool_result", "tool_use_id": "u", "content": "A mast."},
      {"type": "text", "text": "So?"}]}]}"""

STREAM = b"""event: message_start
data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"opus-1-x","content":[],\
"stop_reason":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":20,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"A bo"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"at."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"look","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"a\\":1}"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":12}}

event: message_stop
data: {"type":"message_stop"}

"""


def test_request() -> None:
    """The system prompt leads, results of tools are turns of their own, thinking and calls are left out."""
    read = query(MESSAGES, REQUEST)
    assert (read.operation, read.inspect, read.model) == (Operation.MESSAGES, Inspect.PARSED, "opus-1")
    assert read.end_user == "u-7"
    assert [(turn.role, turn.text) for turn in read.turns] == [
        ("system", "Be kind.\nBe brief."),
        ("user", "What is there?"),
        ("assistant", "I look."),
        ("tool", "A boat."),
        ("tool", "A mast."),
        ("user", "So?"),
    ]
    assert read.parameters == {
        "max_tokens": 100,
        "stop_sequences": 2,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "tools": ["look"],
    }


def test_result_of_a_tool_alone() -> None:
    """A user's message that only carries results asks nothing of its own."""
    body = b'{"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "42"}]}]}'
    assert said(MESSAGES, body) == [("tool", "42")]


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": 3, "system": 4}',
        b'{"messages": {"role": "user"}, "metadata": "u"}',
        b'{"messages": null, "metadata": {"user_id": 4}}',
    ],
)
def test_odd_requests(body: bytes) -> None:
    """Wrong shapes are not understood and do not raise."""
    read = query(MESSAGES, body)
    assert (read.inspect, read.turns, read.end_user) == (Inspect.UNPARSED, (), "")


def test_answer() -> None:
    """Cached input, which this API counts apart, is counted as input."""
    read = answer(
        MESSAGES,
        b'{"type": "message", "model": "opus-1-x", "content": [{"type": "text", "text": "A boat."}],'
        b' "stop_reason": "end_turn",'
        b' "usage": {"input_tokens": 10, "cache_read_input_tokens": 20, "output_tokens": 4}}',
    )
    assert (read.input_tokens, read.output_tokens, read.text_length, read.finish) == (30, 4, 7, "end_turn")


def test_stream() -> None:
    """Blocks are joined, usage comes from the first and the last of the events."""
    read = streamed(MESSAGES, STREAM)
    assert (read.inspect, read.model, read.finish) == (Inspect.PARSED, "opus-1-x", "tool_use")
    assert (read.input_tokens, read.output_tokens, read.text_length) == (35, 12, 7)
    text, call = read.body["content"]
    assert (text, call["input"]) == ({"type": "text", "text": "A boat."}, '{"a":1}')


@pytest.mark.parametrize("size", [10, 200, 600, len(STREAM) - 90])
def test_stream_that_breaks(size: int) -> None:
    """Without its last event a stream is not whole, and what came is kept."""
    read = streamed(MESSAGES, STREAM[:size])
    assert read.inspect is Inspect.UNPARSED
    assert read.text_length <= 7


def test_error_in_a_stream() -> None:
    """An overload in the middle of a stream is kept in the document."""
    read = streamed(
        MESSAGES, b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n'
    )
    assert read.body["error"]["type"] == "overloaded_error"
