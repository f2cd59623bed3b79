"""A query event and its narrow row in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.backends.sql import jsontext
from service.model.query import Answer, Inspect, Operation, Outcome, Query, QueryEvent, Turn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Row

LARGEST = 2**63 - 1
"""What BIGINT holds; an upstream may count tokens as it likes."""
STRINGS = (
    *("account", "org", "end_user", "ip_prefix", "method", "path", "headers", "operation", "inspect", "model"),
    *("outcome", "answer_inspect", "answer_model", "finish"),
)
"""Columns that refer to ``names``."""


def strings(event: QueryEvent) -> tuple[str, ...]:
    """The strings of the event that are stored once and referred to, in the order of ``STRINGS``."""
    query, answer, headers = event.query, event.answer, event.headers
    return (
        event.account,
        event.org,
        f"{event.account}/{event.end_user}" if event.end_user else "",
        event.ip_prefix,
        event.method,
        event.path,
        # Sorted, so that clients that send the same headers in another order share a row.
        jsontext.encode(dict(sorted(headers.items()))).decode() if headers else "",
        query.operation.value,
        query.inspect.value,
        query.model,
        event.outcome.value,
        answer.inspect.value,
        answer.model,
        answer.finish,
    )


def row(event: QueryEvent, numbers: Sequence[int | None]) -> dict[str, Any]:
    """The row of the event, whose strings have these numbers."""
    answer = event.answer
    made: dict[str, Any] = dict(zip(STRINGS, numbers, strict=True))
    made["id"] = event.id
    made["done"] = event.done
    made["took"] = event.done - event.at
    made["ttft"] = event.ttft
    made["stream"] = event.query.stream
    made["status"] = event.status
    made["input_tokens"] = _bounded(answer.input_tokens)
    made["output_tokens"] = _bounded(answer.output_tokens)
    made["text_length"] = answer.text_length
    made["request_bytes"] = event.request_bytes
    made["response_bytes"] = event.response_bytes
    return made


def read(row: Row[Any], text: Mapping[int | None, str], document: Mapping[str, Any]) -> QueryEvent:
    """The event of a row, the strings it refers to, and what was kept of its texts.

    Turns, prompts and parameters are not stored beside the document they come from: under full
    content a dialect reads them from ``request`` again. Under redacted content ``request`` is
    ``{"redacted": {...}}``, the form of the query, and the turns have their roles and no text.
    """
    account, model = text[row.account], text[row.model]
    end_user = text[row.end_user][len(account) + 1 :]
    form = document.get("redacted", {})
    query = Query(
        operation=Operation(text[row.operation]),
        inspect=Inspect(text[row.inspect]),
        model=model,
        turns=tuple(Turn(role, "") for role, _ in form.get("turns", ())),
        end_user=end_user,
        stream=row.stream,
        parameters=form.get("parameters", {}),
    )
    answer = Answer(
        inspect=Inspect(text[row.answer_inspect]),
        model=text[row.answer_model],
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        text_length=row.text_length,
        finish=text[row.finish],
        body=document.get("answer"),
    )
    return QueryEvent(
        id=bytes(row.id),
        at=row.done - row.took,
        done=row.done,
        account=account,
        org=text[row.org],
        end_user=end_user,
        ip_prefix=text[row.ip_prefix],
        method=text[row.method],
        path=text[row.path],
        headers=jsontext.decode(text[row.headers] or "{}"),
        query=query,
        answer=answer,
        request={"redacted": form} if form else document.get("request"),
        status=row.status,
        outcome=Outcome(text[row.outcome]),
        ttft=row.ttft,
        request_bytes=row.request_bytes,
        response_bytes=row.response_bytes,
    )


def _bounded(count: int | None) -> int | None:
    return None if count is None else min(count, LARGEST)
