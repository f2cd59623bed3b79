"""The stand-in over real sockets: honest counts, the same answer to the same request, failures on demand."""

from __future__ import annotations

import base64
import math
import struct
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from service.gateway.dialects import Dialects
from service.model.query import Inspect
from service.standin.server import MODELS, Pace, Standin
from tests.service.standin.serving import standin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.model.query import Answer

DIALECTS = Dialects()
CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, MESSAGES = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/messages",
)
QUESTION = "Explain how a river shapes its valley."
GENERATIVE: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 300},
    COMPLETIONS: {"prompt": ["Once", "Twice"], "max_tokens": 30, "n": 2},
    RESPONSES: {"input": QUESTION},
    MESSAGES: {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 300},
}
LABELLING = "Classify the message. Answer with exactly one of the labels: billing, bug report, other."


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a running stand-in."""
    with standin() as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def post(client: httpx.Client, path: str, body: dict[str, Any], model: str = "stand-in") -> httpx.Response:
    """The response to this request."""
    return client.post(path, json={"model": model, **body})


def read(response: httpx.Response, path: str) -> Answer:
    """What the response says, read by the product's own dialects."""
    kind = response.headers["content-type"]
    return DIALECTS.read_answer("POST", path, content_type=kind, encoding="", body=response.content, full=True)


def chat(client: httpx.Client, content: str, system: str = "", **fields: Any) -> Answer:
    """The answer to a question under a system prompt."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": content}]
    return read(post(client, CHAT, {"messages": messages, **fields}), CHAT)


def text(answer: Answer) -> str:
    """What the first choice of a chat answer says."""
    return str(answer.body["choices"][0]["message"]["content"])


@pytest.mark.parametrize("path", GENERATIVE)
def test_streamed_or_not(client: httpx.Client, path: str) -> None:
    """The same request is answered with the same text and the same counts, at once or streamed."""
    whole = read(post(client, path, GENERATIVE[path]), path)
    options = {"stream_options": {"include_usage": True}} if "completions" in path else {}
    streamed = read(post(client, path, {**GENERATIVE[path], "stream": True, **options}), path)
    assert (whole.inspect, streamed.inspect) == (Inspect.PARSED, Inspect.PARSED)
    assert (whole.text_length, whole.finish, whole.model) == (streamed.text_length, streamed.finish, streamed.model)
    assert (whole.input_tokens, whole.output_tokens) == (streamed.input_tokens, streamed.output_tokens)
    assert whole.output_tokens
    assert whole.text_length > whole.output_tokens


def test_same_request_same_bytes(client: httpx.Client) -> None:
    """An answer depends on what is asked: not on when, nor on the order of the fields, nor on who asks."""
    body = {"model": "stand-in", **GENERATIVE[CHAT]}
    first = client.post(CHAT, json=body)
    assert client.post(CHAT, json={**dict(reversed(body.items())), "user": "u-1"}).content == first.content
    assert client.post(CHAT, json={**body, "seed": 1}).content != first.content


def test_usage_is_honest(client: httpx.Client) -> None:
    """Words and marks of the answer are its tokens, and a token of what is read is four characters."""
    answer = chat(client, QUESTION)
    assert answer.output_tokens == len(text(answer).replace(",", " ,").replace(".", " .").split())
    longer = chat(client, QUESTION + "x" * 400)
    assert (longer.input_tokens or 0) - (answer.input_tokens or 0) == 100


@pytest.mark.parametrize("limit", [1, 5, 20])
def test_limit(client: httpx.Client, limit: int) -> None:
    """No answer is longer than it may be, and says what ended it."""
    answer = chat(client, QUESTION, max_tokens=limit)
    assert (answer.output_tokens, answer.finish) == (limit, "length")


def test_label(client: httpx.Client) -> None:
    """A question for a label gets one of those that it names."""
    labels = {text(chat(client, f"Message {number}", LABELLING)) for number in range(30)}
    assert labels == {"billing", "bug report", "other"}


def test_length_follows_the_question(client: httpx.Client) -> None:
    """Open generation gets long answers, a brief one is brief, a translation is about as long as its source."""

    def mean(system: str, content: str = "x") -> float:
        return sum(chat(client, f"{content} {number}", system).output_tokens or 0 for number in range(20)) / 20

    brief, plain, open_ended = mean("Be brief."), mean(""), mean("Think step by step.")
    assert brief < plain < open_ended
    assert mean("Translate.", "long " * 400) > 5 * mean("Translate.", "long " * 40)


def test_choices(client: httpx.Client) -> None:
    """Each of ``n`` choices is another text, and so is each prompt's."""
    chosen = post(client, CHAT, {**GENERATIVE[CHAT], "n": 3}).json()["choices"]
    assert len({choice["message"]["content"] for choice in chosen}) == 3
    completed = post(client, COMPLETIONS, GENERATIVE[COMPLETIONS]).json()["choices"]
    assert len({choice["text"] for choice in completed}) == 4


def test_json_when_asked(client: httpx.Client) -> None:
    """A request for JSON gets JSON."""
    answer = chat(client, QUESTION, response_format={"type": "json_object"})
    assert httpx.Response(200, text=text(answer)).json()["answer"]


def test_embeddings(client: httpx.Client) -> None:
    """Vectors have unit length, are the same for the same text, and the same packed as in numbers."""
    plain = post(client, EMBEDDINGS, {"input": ["a", "b", "a"]}).json()
    vectors = [item["embedding"] for item in plain["data"]]
    assert math.hypot(*vectors[0]) == pytest.approx(1, abs=1e-6)
    assert vectors[0] == vectors[2] != vectors[1]
    packed = post(client, EMBEDDINGS, {"input": "a", "encoding_format": "base64", "dimensions": 64}).json()
    assert len(base64.b64decode(packed["data"][0]["embedding"])) == 64 * 4
    same = post(client, EMBEDDINGS, {"input": "a", "encoding_format": "base64"}).json()["data"][0]["embedding"]
    assert struct.unpack("<256f", base64.b64decode(same)) == pytest.approx(vectors[0])
    assert post(client, EMBEDDINGS, {"input": [[5, 6, 7], [8]]}).json()["usage"]["prompt_tokens"] == 4


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        pytest.param(CHAT, {"messages": []}, "'messages'", id="no-messages"),
        pytest.param(CHAT, {"messages": ["x"]}, "'messages'", id="odd-messages"),
        pytest.param(CHAT, {"messages": [{"role": "user"}], "n": 0}, "'n'", id="no-choices"),
        pytest.param(CHAT, {"messages": [{"role": "user"}], "max_tokens": "9"}, "'max_tokens'", id="a-string"),
        pytest.param(COMPLETIONS, {"prompt": []}, "'prompt'", id="no-prompts"),
        pytest.param(COMPLETIONS, {"prompt": [None]}, "'prompt'", id="odd-prompts"),
        pytest.param(RESPONSES, {"input": 5}, "'input'", id="odd-input"),
        pytest.param(EMBEDDINGS, {"input": ""}, "'input'", id="empty-input"),
        pytest.param(EMBEDDINGS, {"input": ["x"] * 2049}, "2048", id="too-many-inputs"),
        pytest.param(MESSAGES, {"messages": [{"role": "user", "content": "x"}]}, "max_tokens", id="no-limit"),
    ],
)
def test_bad_requests(client: httpx.Client, path: str, body: dict[str, Any], message: str) -> None:
    """What the API would refuse is refused, in its way, with the field's name."""
    response = post(client, path, body)
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]


@pytest.mark.parametrize("path", [*GENERATIVE, EMBEDDINGS])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"model": 5, "max_tokens": 1, "input": "x"}']
)
def test_no_request_at_all(client: httpx.Client, path: str, body: bytes) -> None:
    """Bytes that are no request are refused, not served and not fatal."""
    assert client.post(path, content=body).status_code == 400


def test_elsewhere(client: httpx.Client) -> None:
    """Any other path or method is unknown, in JSON."""
    for method, path in (
        ("GET", "/"),
        ("GET", CHAT),
        ("POST", "/v1/models"),
        ("GET", "/v1/models/none"),
        ("PUT", CHAT),
    ):
        response = client.request(method, path)
        assert (response.status_code, "message" in response.json()["error"]) == (404, True)


def test_models(client: httpx.Client) -> None:
    """The models are listed, and told one by one."""
    listed = client.get("/v1/models").json()["data"]
    assert [model["id"] for model in listed] == list(MODELS)
    assert client.get(f"/v1/models/{MODELS[0]}").json() == listed[0]


@pytest.mark.parametrize("path", [*GENERATIVE, EMBEDDINGS])
@pytest.mark.parametrize("status", [401, 429, 500, 529])
def test_errors_on_demand(client: httpx.Client, path: str, status: int) -> None:
    """A model's name asks for a status, and the API's own form of error comes with it."""
    response = post(client, path, GENERATIVE.get(path, {"input": "x"}), model=f"error-{status}")
    assert response.status_code == status
    assert (response.json().get("type") == "error") == (path == MESSAGES)
    assert ("retry-after" in response.headers) == (status == 429)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", GENERATIVE)
def test_reset(client: httpx.Client, path: str, stream: bool) -> None:  # noqa: FBT001
    """``reset-midstream`` begins an answer and breaks the connection."""
    body = {"model": "reset-midstream", **GENERATIVE[path], "stream": stream}
    with client.stream("POST", path, json=body) as response, pytest.raises(httpx.RemoteProtocolError):
        response.read()
    with client.stream("POST", path, json=body) as response:
        assert (response.status_code, bool(next(response.iter_raw()))) == (200, True)


@pytest.mark.parametrize(
    ("model", "pace"),
    [
        ("stand-in", Pace(0.5, 0.25)),
        ("slow", Pace(2, 0.1)),
        ("slow-1500", Pace(1.5, 0.075)),
        ("slow-fox", Pace(0.5, 0.25)),
    ],
)
def test_pace(model: str, pace: Pace) -> None:
    """The server's own pace holds unless the model's name asks for another."""
    assert Standin(Pace(0.5, 0.25))._pace(model) == pace
