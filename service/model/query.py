"""The query, from its two spool records to the event that the log keeps.

``Start`` and ``End`` are what the gateway writes; ``Query`` and ``Answer``
are what a dialect reads out of their bytes; ``QueryEvent`` is all of it,
joined. ``Start`` and ``End`` are msgspec structs, not dataclasses, because
they are encoded once per request on the gateway's path; ``Turn`` is one
because long conversations have many, and a struct is made in a fifth of the time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

import msgspec

CLIENT = "x-revenuer-client"
"""Name under which the log keeps the order of a client's header names, as a hash."""


class Outcome(enum.StrEnum):
    """How a query ended."""

    OK = "ok"
    """The upstream's answer reached the client whole, whatever its status."""
    CLIENT_GONE = "client_gone"
    UPSTREAM_ERROR = "upstream_error"
    """No answer could be had from the upstream: refused, unreachable or timed out before its head."""
    UPSTREAM_RESET = "upstream_reset"
    """The upstream broke off in the middle of its answer."""
    REFUSED = "refused"
    """The guard or a limit of the gateway answered."""
    UNKNOWN = "unknown"
    """No end record came within ten minutes: the gateway was killed, or its end was not logged."""


class Start(msgspec.Struct, frozen=True, tag="s", array_like=True):
    """A request as it arrived, written before it is forwarded.

    No caller key is in it: ``headers`` holds only the names on the gateway's
    allow-list, and ``account`` is a name or a keyed digest.
    """

    id: bytes
    """UUIDv7 of 16 bytes; its time is the time of arrival."""
    at: int
    """Arrival in microseconds since the epoch."""
    account: str
    org: str
    """Empty where the identity map names none."""
    ip_prefix: str
    """/24 or /48 of the client, empty where unknown."""
    method: str
    path: str
    """Raw path as the client sent it, without query string."""
    headers: dict[str, str]
    """Lower-cased, allow-listed."""
    body: bytes
    """At most the capture limit; ``size`` has the true length."""
    size: int
    full: bool
    """Whether ``body`` is the whole body."""
    digest: bytes
    """BLAKE2b-128 of the whole body where ``full`` is false, else empty."""


class End(msgspec.Struct, frozen=True, tag="e", array_like=True):
    """How the request with that id ended, written when its answer is through or broken off."""

    id: bytes
    at: int
    """Completion in microseconds since the epoch; rises strictly within one source."""
    status: int
    """What the client was sent, 0 where nothing was."""
    outcome: Outcome
    ttft: int
    """Microseconds from arrival to the first byte of the answer, -1 where none came."""
    encoding: str
    """Content-Encoding of ``body``, empty for identity."""
    content_type: str
    body: bytes
    """At most the capture limit, as sent to the client; head and tail where ``full`` is false."""
    size: int
    full: bool


class Gap(msgspec.Struct, frozen=True, tag="g", array_like=True):
    """Exactly how many records a source could not log, and between when."""

    first: int
    last: int
    """Microseconds since the epoch."""
    starts: int
    ends: int
    others: int = 0
    """Records of which is known only that they are missing, at most this many."""


class Mark(msgspec.Struct, frozen=True, tag="m", array_like=True):
    """A source's word that every end it logs from here on is later than ``at``.

    A gateway that feeds a shared stream writes one each second, so that whoever merges several
    sources by time knows how far a quiet one has come. It is nobody's query: it moves no count.
    """

    at: int
    """Microseconds since the epoch."""


Record = Start | End | Gap | Mark


class Operation(enum.StrEnum):
    """What a path asks of a model."""

    CHAT = "chat"
    COMPLETION = "text_completion"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"
    MESSAGES = "messages"
    OPAQUE = "opaque"
    """Passed through and logged, not understood."""


class Inspect(enum.StrEnum):
    """How much of the body was understood."""

    PARSED = "parsed"
    UNPARSED = "unparsed"
    """Not JSON, or not of the shape that the path asks for."""
    TRUNCATED = "truncated"
    """Longer than the capture limit, so not read."""
    OPAQUE = "opaque"


class Turn(msgspec.Struct, frozen=True):
    """One message: role and its text; parts that are no text are left out."""

    role: str
    """``system`` (developer too), ``user``, ``assistant`` or ``tool``."""
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A request, understood: the same shape for every dialect."""

    operation: Operation
    inspect: Inspect
    model: str = ""
    turns: tuple[Turn, ...] = ()
    prompts: tuple[str, ...] = ()
    """For completions and embeddings, which may hold a list."""
    end_user: str = ""
    stream: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)
    """Everything of the body but the texts: temperature, max_tokens, n, logit_bias, tools' names ..."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, understood."""

    inspect: Inspect
    model: str = ""
    input_tokens: int | None = None
    """As the upstream counted; None where it did not say."""
    output_tokens: int | None = None
    text_length: int = 0
    """Characters of text in the answer."""
    finish: str = ""
    body: Any = None
    """The answer as one JSON document, streams put together; None where it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEvent:
    """One API query, start and end joined: what the log keeps and the detectors start from."""

    id: bytes
    at: int
    """Arrival, microseconds since the epoch."""
    done: int
    """Completion, likewise. Event time of everything that follows is this."""
    account: str
    org: str
    end_user: str
    ip_prefix: str
    method: str
    path: str
    headers: dict[str, str]
    query: Query
    answer: Answer
    request: Any
    """The request's body as JSON, None where it was not read."""
    status: int
    outcome: Outcome
    ttft: int
    request_bytes: int
    response_bytes: int
