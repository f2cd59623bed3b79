"""What holds for every dialect: paths, errors, the law of replay, and that no input raises."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.gateway.dialects import discover
from service.model.query import Inspect, Operation
from tests.service.gateway.dialects import test_anthropic_messages, test_openai_chat, test_openai_responses
from tests.service.gateway.dialects.reading import CHAT, DIALECTS, MESSAGES, PATHS, RESPONSES, answer

FIELDS = (  # noqa: SIM905 - one a line would be forty lines
    "messages model role content text type input prompt system instructions output choices message delta usage stream "
    "prompt_tokens input_tokens output_tokens finish_reason index metadata user user_id tools function name logit_bias "
    "stop response_format tool_choice reasoning thinking response content_block error partial_json tool_calls arguments"
).split()
WORDS = (  # noqa: SIM905 - likewise
    "user system tool assistant text tool_result message function_call_output message_start message_delta "
    "content_block_start content_block_delta response.created response.completed response.output_text.delta error"
).split()

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
    | st.sampled_from(WORDS)
)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=25,
)
paths = st.sampled_from(PATHS)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/v1/chat/completions", Operation.CHAT),
        ("POST", "/openai/v1/chat/completions", Operation.CHAT),
        ("POST", "/openai/deployments/large/chat/completions", Operation.CHAT),
        ("POST", "/v1/chat/complet%69ons", Operation.CHAT),
        ("POST", "/v1/chat%2Fcompletions", Operation.CHAT),
        ("POST", "/v1//chat//completions/", Operation.CHAT),
        ("POST", "/v1/Chat/Completions", Operation.CHAT),
        ("POST", "/v1/completions", Operation.COMPLETION),
        ("POST", "/openai/deployments/base/completions", Operation.COMPLETION),
        ("POST", "/v1/responses", Operation.RESPONSES),
        ("POST", "/v1/embeddings", Operation.EMBEDDINGS),
        ("POST", "/v1/messages", Operation.MESSAGES),
        ("POST", "/anthropic/v1/messages", Operation.MESSAGES),
        ("POST", "/v1/messages/batches", Operation.OPAQUE),
        ("POST", "/v1/messages/count_tokens", Operation.OPAQUE),
        ("POST", "/v1/threads/thread_1/messages", Operation.OPAQUE),
        ("POST", "/v1/threads/v1/messages", Operation.OPAQUE),
        ("GET", "/v1/chat/completions", Operation.OPAQUE),
        ("GET", "/v1/responses/resp_1", Operation.OPAQUE),
        ("POST", "/v1/responses/resp_1/cancel", Operation.OPAQUE),
        ("GET", "/v1/models", Operation.OPAQUE),
        ("POST", "/v1/audio/speech", Operation.OPAQUE),
        ("POST", "/", Operation.OPAQUE),
        ("POST", "", Operation.OPAQUE),
        ("POST", "%", Operation.OPAQUE),
        ("POST", "/%ff%00//", Operation.OPAQUE),
    ],
)
def test_paths(method: str, path: str, operation: Operation) -> None:
    """A path is told by how it ends, whatever stands before; all else is opaque and its body not read."""
    read, document = DIALECTS.read(method, path, b'{"messages": [], "prompt": "", "input": ""}', full=True)
    assert read.operation is operation
    assert (read.inspect is Inspect.OPAQUE) == (document is None) == (operation is Operation.OPAQUE)
    assert (DIALECTS.for_path(method, path) is None) == (operation is Operation.OPAQUE)


def test_dialects_are_found() -> None:
    """Every module of the folder that has a dialect is in the registry, under a name of its own."""
    names = [dialect.name for dialect in discover()]
    assert set(names) >= {"openai_chat", "anthropic_messages", "openai_responses"}
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        (CHAT, 400, "invalid_request_error"),
        (CHAT, 401, "authentication_error"),
        (CHAT, 403, "permission_error"),
        (CHAT, 413, "request_too_large"),
        (CHAT, 429, "rate_limit_error"),
        (CHAT, 502, "server_error"),
        (MESSAGES, 400, "invalid_request_error"),
        (MESSAGES, 401, "authentication_error"),
        (MESSAGES, 403, "permission_error"),
        (MESSAGES, 404, "not_found_error"),
        (MESSAGES, 413, "request_too_large"),
        (MESSAGES, 429, "rate_limit_error"),
        (MESSAGES, 502, "api_error"),
        (MESSAGES, 529, "overloaded_error"),
    ],
)
def test_errors(path: str, status: int, kind: str) -> None:
    """A refusal is written as the API writes its own, so that its clients raise the exception they would."""
    document = json.loads(DIALECTS.for_errors(path).error(status, "a_code", "What to do."))
    expected: dict[str, Any] = {"error": {"message": "What to do.", "type": kind, "param": None, "code": "a_code"}}
    if path == MESSAGES:
        expected = {"type": "error", "error": {"type": kind, "message": "What to do."}}
    assert document == expected


def test_errors_of_opaque_paths() -> None:
    """Paths that are not understood are refused in the dialect of the API that they belong to."""
    assert DIALECTS.for_errors("/v1/messages/batches").name == "anthropic_messages"
    assert DIALECTS.for_errors("/v1/files").name == "openai_chat"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("depth", [127, 500, 10_000, 200_000])
def test_depth(path: str, depth: int) -> None:
    """However deep a body nests, nothing runs out of stack, and what is kept of it can be written down."""
    deep = b"[" * depth + b"]" * depth
    body = b'{"messages": [], "input": "", "usage": {"input_tokens": 3}, "x": ' + deep + b"}"
    read, document = DIALECTS.read("POST", path, body, full=True)
    assert read.inspect is (Inspect.PARSED if depth < 1000 else Inspect.UNPARSED)
    # What is nested more than 128 deep is left out, and nothing above it.
    assert msgspec.json.encode(document).count(b"[") == (128 if depth < 1000 else 0)
    msgspec.json.encode(answer(path, b"data: " + body + b"\n\n", "text/event-stream").body)
    msgspec.json.encode(answer(path, body).body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": [{"content": "a"}], "x": NaN, "temperature": -Infinity, "seed": 1e999}',
        b'{"messages": [{"content": "\\ud800 \\udc00", "\\udfff": "\\ude00\\ud83d"}]}',
        '{"messages": [{"content": "\u00e9"}]}'.encode("utf-32"),
        b'{"messages": [{"content": "a"}], "x": ' + b"[" * 500 + b"]" * 500 + b"}",
    ],
    ids=["numbers", "surrogates", "utf-32", "depth"],
)
def test_what_only_lenient_upstreams_take(body: bytes) -> None:
    """What a lenient upstream would answer is read as well, and reads the same after it was written as strict JSON."""
    live, document = DIALECTS.read("POST", CHAT, body, full=True)
    assert (live.inspect, len(live.turns)) == (Inspect.PARSED, 1)
    assert live == DIALECTS.read_document("POST", CHAT, msgspec.json.decode(msgspec.json.encode(document)))


@given(paths, documents)
def test_bytes_and_document_say_the_same(path: str, document: object) -> None:
    """Replay is live: reading bytes is reading the document in them, and once more after it was written down."""
    body = msgspec.json.encode(document)
    live, parsed = DIALECTS.read("POST", path, body, full=True)
    assert live == DIALECTS.read_document("POST", path, msgspec.json.decode(body))
    assert live == DIALECTS.read_document("POST", path, msgspec.json.decode(msgspec.json.encode(parsed)))
    said = answer(path, body)
    assert said == DIALECTS.read_answer_document("POST", path, msgspec.json.decode(body))


@given(paths, st.lists(documents, max_size=6))
def test_streams_of_anything(path: str, events: list[object]) -> None:
    """Any events in any order are read; the document put together reads as the stream did, but for its being whole."""
    body = b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)
    read = answer(path, body, "text/event-stream")
    if read.body is not None:
        again = DIALECTS.read_answer_document("POST", path, msgspec.json.decode(msgspec.json.encode(read.body)))
        assert (again.model, again.input_tokens, again.output_tokens) == (
            read.model,
            read.input_tokens,
            read.output_tokens,
        )
        assert (again.text_length, again.finish) == (read.text_length, read.finish)


@given(paths, st.binary(max_size=400), st.sampled_from(["", "gzip", "deflate", "br", "gzip, gzip"]), st.booleans())
def test_any_bytes(path: str, body: bytes, encoding: str, full: bool) -> None:  # noqa: FBT001
    """No bytes, in no encoding, raise."""
    read, document = DIALECTS.read("POST", path, body, full=full)
    if full and document is not None:
        assert DIALECTS.read("POST", path, msgspec.json.encode(document), full=True) == (read, document)
    for kind in ("application/json", "text/event-stream", ""):
        DIALECTS.read_answer("POST", path, content_type=kind, encoding=encoding, body=body, full=full)


@given(
    st.sampled_from(
        [
            (CHAT, test_openai_chat.STREAM),
            (MESSAGES, test_anthropic_messages.STREAM),
            (RESPONSES, test_openai_responses.BEGUN + test_openai_responses.ENDED),
        ]
    ),
    st.data(),
)
def test_damaged_streams(stream: tuple[str, bytes], data: st.DataObject) -> None:
    """A real stream with any slice replaced by any bytes is read without raising."""
    path, body = stream
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    answer(path, body[:start] + data.draw(st.binary(max_size=20)) + body[end:], "text/event-stream")


@pytest.mark.parametrize("path", PATHS)
def test_what_a_record_keeps_of_an_answer(path: str) -> None:
    """A record may hold only the usage, or nothing."""
    kept = DIALECTS.read_answer_document("POST", path, {"usage": {"prompt_tokens": 4, "completion_tokens": 2}})
    assert (kept.inspect, kept.input_tokens) == (Inspect.PARSED, 4)
    assert DIALECTS.read_answer_document("POST", path, None).inspect is Inspect.UNPARSED
