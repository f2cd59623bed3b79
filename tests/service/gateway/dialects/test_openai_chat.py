"""Chat completions: literal bodies as clients and servers write them."""

from __future__ import annotations

import pytest

from service.model.query import Inspect, Operation
from tests.service.gateway.dialects.reading import CHAT, answer, cut, query, said, streamed

REQUEST = b"""{"model": "large-1", "temperature": 0.2, "stream": true, "user": "u-19", "messages": [
  {"role": "developer", "content": "Be kind."},
  {"role": "user", "content": [
    {"type": "text", "text": "What is on it?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    {"type": "text", "text": "And where?"}]},
  {"role": "assistant", "content": null, "tool_calls": [
    {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
  {"role": "tool", "tool_call_id": "c1", "content": "A boat."},
  {"role": "user", "content": "Thanks."}]}"""

ANSWER = b"""{"id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "large-1-0806", "choices": [
  {"index": 0, "message": {"role": "assistant", "content": "A boat."}, "finish_reason": "stop"},
  {"index": 1, "message": {"role": "assistant", "content": "Boats, two."}, "finish_reason": "length"}],
  "usage": {"prompt_tokens": 31, "completion_tokens": 9, "total_tokens": 40}}"""

STREAM = b"""data: {"id":"c","object":"chat.completion.chunk","created":7,"model":"large-1-0806","choices":[{"index":0,\
"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}

data: {"id":"c","created":7,"model":"large-1-0806","choices":[{"index":0,"delta":{"content":"A "}}]}

data: {"id":"c","created":7,"model":"large-1-0806","choices":[{"index":0,"delta":{"content":"boat."}}]}

data: {"id":"c","created":7,"model":"large-1-0806","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c","created":7,"model":"large-1-0806","choices":[],"usage":{"prompt_tokens":31,"completion_tokens":4}}

data: [DONE]

"""


def test_request() -> None:
    """Texts, roles, model, stream and end user are read; images and calls are left out."""
    read = query(CHAT, REQUEST)
    assert (read.operation, read.inspect, read.model) == (Operation.CHAT, Inspect.PARSED, "large-1")
    assert (read.stream, read.end_user, read.parameters) == (True, "u-19", {"temperature": 0.2})
    assert [(turn.role, turn.text) for turn in read.turns] == [
        ("system", "Be kind."),
        ("user", "What is on it?\nAnd where?"),
        ("assistant", ""),
        ("tool", "A boat."),
        ("user", "Thanks."),
    ]


@pytest.mark.parametrize(
    ("body", "inspect", "turns"),
    [
        pytest.param(b'{"messages": []}', Inspect.PARSED, [], id="no-messages"),
        pytest.param(b'{"messages": "hello"}', Inspect.UNPARSED, [], id="messages-a-string"),
        pytest.param(b'{"model": "m"}', Inspect.UNPARSED, [], id="messages-missing"),
        pytest.param(b'{"messages": [null, 3, "x", []]}', Inspect.PARSED, [], id="messages-of-no-objects"),
        pytest.param(b'{"messages": [{"content": 7, "role": 7}]}', Inspect.PARSED, [("user", "")], id="numbers"),
        pytest.param(b'{"messages": [{"content": "a"}]}', Inspect.PARSED, [("user", "a")], id="no-role"),
        pytest.param(
            b'{"messages": [{"role": "wizard", "content": [{"type": "x", "text": 4}, {"text": "b"}, "c", 5, null]}]}',
            Inspect.PARSED,
            [("user", "b\nc")],
            id="unknown-role-and-parts",
        ),
        pytest.param(
            b'{"messages": [], "messages": [{"content": "last"}]}', Inspect.PARSED, [("user", "last")], id="dup"
        ),
        pytest.param(b'{"messages": [{"content": "\\u0000"}]}', Inspect.PARSED, [("user", "\x00")], id="nul"),
        pytest.param(
            b'{"messages": [{"content": "\\ud83d\\ude00"}]}', Inspect.PARSED, [("user", "\U0001f600")], id="pair"
        ),
        pytest.param(
            b'{"messages": [{"content": "\\ud83d."}]}', Inspect.PARSED, [("user", "\ufffd.")], id="lone-surrogate"
        ),
        pytest.param(b'{"messages": [{"content": "\xff"}]}', Inspect.UNPARSED, [], id="not-utf-8"),
        pytest.param(b'{"messages": []} {}', Inspect.UNPARSED, [], id="more-after-it"),
        pytest.param(b'{"messages": [', Inspect.UNPARSED, [], id="broken-off"),
        pytest.param(b'{"messages": [{"content": "a"}], "n": NaN}', Inspect.PARSED, [("user", "a")], id="nan"),
        pytest.param(b'{"messages": [{"content": "a"}], "n": 1e999}', Inspect.PARSED, [("user", "a")], id="too-large"),
        pytest.param(b'\xef\xbb\xbf{"messages": [{"content": "a"}]}', Inspect.PARSED, [("user", "a")], id="mark"),
        pytest.param('{"messages": [{"content": "a"}]}'.encode("utf-16"), Inspect.PARSED, [("user", "a")], id="utf-16"),
        pytest.param(b"[]", Inspect.UNPARSED, [], id="an-array"),
        pytest.param(b"null", Inspect.UNPARSED, [], id="null"),
        pytest.param(b"", Inspect.UNPARSED, [], id="empty"),
    ],
)
def test_odd_requests(body: bytes, inspect: Inspect, turns: list[tuple[str, str]]) -> None:
    """What is odd is read as far as it is clear, and never raises."""
    assert query(CHAT, body).inspect is inspect
    assert said(CHAT, body) == turns


def test_answer() -> None:
    """Usage, model, the first finish reason and the characters of all choices are read."""
    read = answer(CHAT, ANSWER)
    assert (read.inspect, read.model, read.finish) == (Inspect.PARSED, "large-1-0806", "stop")
    assert (read.input_tokens, read.output_tokens, read.text_length) == (31, 9, len("A boat.Boats, two."))


def test_stream() -> None:
    """A stream is put together into the document that would have come at once."""
    read = streamed(CHAT, STREAM)
    assert read.body == {
        "object": "chat.completion",
        "id": "c",
        "created": 7,
        "model": "large-1-0806",
        "usage": {"prompt_tokens": 31, "completion_tokens": 4},
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "A boat."}, "finish_reason": "stop"}],
    }
    assert (read.inspect, read.input_tokens, read.output_tokens, read.text_length) == (Inspect.PARSED, 31, 4, 7)


def test_stream_of_choices_and_calls() -> None:
    """Choices that come interleaved are kept apart, and calls and reasoning are joined piece by piece."""
    read = streamed(
        CHAT,
        b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":'
        b'[{"index":0,"function":{"name":"f","arguments":"{\\"a"}}]}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\\":1}"}}]}}]}\n\n'
        b'data: {"choices":[{"index":0,"finish_reason":"tool_calls"}]}\n\n'
        b"data: [DONE]\n\n",
    )
    first, second = (choice["message"] for choice in read.body["choices"])
    assert first["tool_calls"] == [{"type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]
    assert (first["reasoning_content"], second["content"]) == ("hm", "b")
    assert (read.text_length, read.finish) == (3, "tool_calls")


@pytest.mark.parametrize("size", [1, 90, 260, len(STREAM) // 2, len(STREAM) - 120])
def test_stream_that_breaks(size: int) -> None:
    """A stream that ends too early yields what was read, and says that it was not all."""
    read = streamed(CHAT, STREAM[:size])
    assert read.inspect is Inspect.UNPARSED or read.finish == "stop"
    assert "A boat.".startswith(read.body["choices"][0]["message"]["content"] if read.body else "")


def test_stream_with_garbage() -> None:
    """An event that is no JSON spoils itself only."""
    read = streamed(CHAT, STREAM.replace(b'data: {"id":"c","created":7', b'data: {"id":"c,"created":7', 1))
    assert (read.inspect, read.body["choices"][0]["message"]["content"], read.output_tokens) == (
        Inspect.UNPARSED,
        "boat.",
        4,
    )


def test_error_in_a_stream() -> None:
    """An error that an upstream sends in the middle of a stream is kept."""
    read = streamed(CHAT, b'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n')
    assert read.body["error"]["type"] == "server_error"


def test_answer_of_which_head_and_tail_are_kept() -> None:
    """Model and usage are found in what is left of an answer that was too long to keep."""
    read = cut(CHAT, ANSWER[:120] + b'\xc3 "usage": {' + ANSWER[-200:])
    assert (read.inspect, read.model) == (Inspect.TRUNCATED, "large-1-0806")
    assert (read.input_tokens, read.output_tokens) == (31, 9)


def test_stream_of_which_head_and_tail_are_kept() -> None:
    """A stream with a hole is read on both sides of it."""
    read = cut(CHAT, STREAM[:300] + STREAM[-300:], "text/event-stream")
    assert (read.inspect, read.input_tokens, read.output_tokens) == (Inspect.TRUNCATED, 31, 4)


def test_request_that_was_cut() -> None:
    """Of a request too long to keep, model and stream are still told, and no text is."""
    read = query(CHAT, REQUEST[:200], full=False)
    assert (read.inspect, read.model, read.stream, read.turns) == (Inspect.TRUNCATED, "large-1", True, ())


def test_text_that_quotes_a_model_is_not_one() -> None:
    """A field inside a text has its quotes escaped, so it is not taken for the request's own."""
    assert query(CHAT, b'{"messages": [{"content": "{\\"model\\": \\"x\\"} ', full=False).model == ""


@pytest.mark.parametrize(
    "usage", [b"null", b"7", b'{"prompt_tokens": "31"}', b'{"prompt_tokens": -1}', b'{"prompt_tokens": true}']
)
def test_usage_that_is_none(usage: bytes) -> None:
    """A usage of the wrong shape is not told, rather than zero."""
    read = answer(CHAT, b'{"choices": [], "usage": ' + usage + b"}")
    assert (read.input_tokens, read.output_tokens) == (None, None)
