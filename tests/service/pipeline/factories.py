"""Records and events with defaults, so that a test names only what matters."""

from __future__ import annotations

from typing import Any

from service.model.ids import event_id
from service.model.query import (
    Answer,
    End,
    Inspect,
    Operation,
    Outcome,
    Query,
    QueryEvent,
    Start,
    Turn,
)
from service.ports import Sourced

T0 = 1_793_491_200_000_000
"""An hour's beginning, in microseconds since the epoch."""
SECOND = 1_000_000


def a_start(at: int = T0, **changes: Any) -> Start:
    """A start record with an empty body."""
    fields: dict[str, Any] = {
        "id": event_id(at),
        "at": at,
        "account": "acct-1",
        "org": "",
        "ip_prefix": "",
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": {},
        "body": b"{}",
        "size": 2,
        "full": True,
        "digest": b"",
    }
    return Start(**{**fields, **changes})


def an_end(start: Start, *, after: int = SECOND, **changes: Any) -> End:
    """The end of that start."""
    fields: dict[str, Any] = {
        "id": start.id,
        "at": start.at + after,
        "status": 200,
        "outcome": Outcome.OK,
        "ttft": 1000,
        "encoding": "",
        "content_type": "application/json",
        "body": b"{}",
        "size": 2,
        "full": True,
    }
    return End(**{**fields, **changes})


def numbered(*records: Any, source: str = "boot-1", first: int = 1) -> list[Sourced]:
    """The records as their source numbers them."""
    return [Sourced(source, first + i, record) for i, record in enumerate(records)]


def an_event(
    done: int = T0, *, turns: tuple[tuple[str, str], ...] = (("user", "hello"),), **changes: Any
) -> QueryEvent:
    """A chat query that was answered in a second."""
    query = Query(Operation.CHAT, Inspect.PARSED, model="m", turns=tuple(Turn(*turn) for turn in turns))
    fields: dict[str, Any] = {
        "id": event_id(done - SECOND),
        "at": done - SECOND,
        "done": done,
        "account": "acct-1",
        "org": "",
        "end_user": "",
        "ip_prefix": "",
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": {},
        "query": query,
        "answer": Answer(Inspect.PARSED, input_tokens=10, output_tokens=100),
        "request": {},
        "status": 200,
        "outcome": Outcome.OK,
        "ttft": 1000,
        "request_bytes": 2,
        "response_bytes": 2,
    }
    return QueryEvent(**{**fields, **changes})
