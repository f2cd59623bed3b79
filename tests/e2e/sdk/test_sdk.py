"""Both SDKs, in two generations, through the gateway to the stand-in: all they know of it is its address."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.gateway.dialects import Dialects
from service.gateway.identity import digest
from service.model.decision import Kind
from service.model.query import Answer, End, Outcome, Query, Start
from tests.conformance.gateway import SECRETS, Gateway, a_decision
from tests.service.standin.serving import standin

pytestmark = pytest.mark.xdist_group("sdk")

ROOT = Path(__file__).parents[3]
CALLS = Path(__file__).with_name("calls.py")
INTERPRETERS = {"current": Path(sys.executable), "1.x": ROOT / ".venv-sdk-1.x" / "bin" / "python"}
DIALECTS = Dialects()
KEY, BLOCKED, THROTTLED = "sk-test-good", "sk-test-blocked", "sk-test-throttled"

ANSWERED = (
    *("chat_whole", "chat_streamed", "chat_streamed_async", "completions_whole", "completions_streamed"),
    *("responses_whole", "responses_streamed", "embeddings", "messages_whole", "messages_streamed"),
    *("messages_helper_streamed", "messages_helper_streamed_async"),
)
APIS = ("chat", "chat streamed", "completions", "responses", "embeddings", "messages", "messages streamed")
EXCEPTIONS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    429: "RateLimitError",
    500: "InternalServerError",
}


@dataclass(frozen=True)
class Run:
    """One generation's calls."""

    generation: str
    said: dict[str, Any]
    """``versions``; all calls ``direct`` and ``through`` the gateway; and those of ``blocked``,
    ``throttled`` and ``unknown`` callers."""
    log: dict[str, list[tuple[Start, End, Query, Answer]]]
    """What the gateway logged, by end user: the name of the call."""

    @property
    def direct(self) -> Any:
        """Without the gateway."""
        return self.said["direct"]

    @property
    def through(self) -> Any:
        """Through it."""
        return self.said["through"]


@pytest.fixture(scope="module", params=list(INTERPRETERS))
def run(request: pytest.FixtureRequest) -> Run:
    """All calls of one generation."""
    with standin() as upstream:
        gateway = Gateway(upstream)
        strict = Gateway(upstream, identity={"unknown": "refuse"})
        gateway.table.decisions += [
            a_decision(account(BLOCKED), Kind.BLOCK),
            a_decision(account(THROTTLED), Kind.THROTTLE),
        ]
        address = f"http://127.0.0.1:{gateway.port}"
        plan = {
            "direct": (upstream, KEY, "all"),
            "through": (address, KEY, "all"),
            "blocked": (address, BLOCKED, "refused"),
            "throttled": (address, THROTTLED, "refused"),
            "unknown": (f"http://127.0.0.1:{strict.port}", KEY, "refused"),
        }
        try:
            said = call(INTERPRETERS[request.param], plan)
        finally:
            gateway.stop()
            strict.stop()
    return Run(request.param, said, logged(gateway))


def call(python: Path, plan: dict[str, tuple[str, str, str]]) -> dict[str, Any]:
    """What the calls gave in that interpreter."""
    if not python.exists():
        pytest.fail(f"the SDKs are not installed in {python.parents[1]}: run 'make install'")
    done = subprocess.run(
        [python, "-W", "ignore", CALLS, json.dumps(plan)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={"NO_PROXY": "*", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def account(key: str) -> str:
    """What the gateway calls the caller with this key."""
    return f"key-{digest(SECRETS.pepper, key.encode())}"


def logged(gateway: Gateway) -> dict[str, list[tuple[Start, End, Query, Answer]]]:
    """The log so far, read by the dialects."""
    records = list(gateway.log.records)
    ends = {record.id: record for record in records if isinstance(record, End)}
    found: dict[str, list[tuple[Start, End, Query, Answer]]] = {}
    for start in (record for record in records if isinstance(record, Start) and record.id in ends):
        end = ends[start.id]
        query, _ = DIALECTS.read(start.method, start.path, start.body, full=start.full)
        answer = DIALECTS.read_answer(
            start.method,
            start.path,
            content_type=end.content_type,
            encoding=end.encoding,
            body=end.body,
            full=end.full,
        )
        found.setdefault(query.end_user, []).append((start, end, query, answer))
    return found


def test_generations(run: Run) -> None:
    """What is tried is what it is called."""
    assert [version.startswith("1.") for version in run.said["versions"]] == [run.generation == "1.x"] * 2


@pytest.mark.parametrize("name", [*ANSWERED, "models", "anthropic_models", "retried"])
def test_same_as_without_the_gateway(run: Run, name: str) -> None:
    """An SDK gets through the gateway what it gets without it: text, chunks, usage, reason of the end."""
    assert run.through[name] == run.direct[name]
    assert run.through[name]


@pytest.mark.parametrize("name", ANSWERED)
def test_logged(run: Run, name: str) -> None:
    """Every answered call is in the log once, under its key's digest, and read as the SDK read it."""
    ((start, end, query, answer),) = run.log[name]
    assert (end.status, end.outcome, start.account) == (200, Outcome.OK, account(KEY))
    assert [answer.input_tokens, answer.output_tokens] == run.through[name]["usage"]
    assert query.stream == ("streamed" in name)
    if "finish" in run.through[name]:
        assert answer.finish == run.through[name]["finish"]
        assert answer.text_length == len(run.through[name]["text"].replace("|", ""))


def test_retries_are_told_apart(run: Run) -> None:
    """A retry of the SDK's own is logged as the query that it is, with the header that says so."""
    counts = [start.headers.get("x-stainless-retry-count") for start, _, _, _ in run.log["retried"]]
    assert counts == ["0", "1"]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("status", EXCEPTIONS)
def test_errors_of_the_upstream(run: Run, status: int, api: str) -> None:
    """An upstream's error is raised as the exception that stands for it, with its own words."""
    error = run.through[f"{api} error-{status}"]
    assert error == run.direct[f"{api} error-{status}"]
    assert (error["error"], error["status"]) == (EXCEPTIONS[status], status)


def test_upstream_that_refuses_no_messages(run: Run) -> None:
    """A request with no messages reaches the upstream, whose refusal reaches the caller."""
    assert run.through["no messages"] == run.direct["no messages"]
    assert "'messages'" in run.through["no messages"]["message"]


@pytest.mark.parametrize("api", [api for api in APIS if api != "embeddings"])
def test_upstream_that_breaks_off(run: Run, api: str) -> None:
    """An answer that breaks off is an error to the caller, never an answer that seems whole."""
    error = run.through[f"{api} reset-midstream"]
    assert error["error"]
    assert error == run.direct[f"{api} reset-midstream"]


@pytest.mark.parametrize("api", ["chat", "messages"])
@pytest.mark.parametrize(
    ("caller", "status", "kind"),
    [
        ("blocked", 403, "permission_error"),
        ("throttled", 429, "rate_limit_error"),
        ("unknown", 401, "authentication_error"),
    ],
)
def test_refusals_of_the_gateway(run: Run, caller: str, status: int, kind: str, api: str) -> None:
    """A refusal of the gateway is raised as the exception of its status, in the API's own form."""
    error = run.said[caller][api]
    assert (error["error"], error["status"], error["type"]) == (EXCEPTIONS[status], status, kind)
    assert (error["retry_after"] is not None) == (status == 429)
