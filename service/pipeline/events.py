"""Events: what a joined query says, read out of its bytes by the dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.model.ids import text_id
from service.model.query import Answer, Inspect, Operation, Query, QueryEvent
from service.pipeline.skipped import skipped

if TYPE_CHECKING:
    from service.model.query import End, Start
    from service.pipeline.join import Joined
    from service.ports import Dialects


def event(joined: Joined, dialects: Dialects) -> QueryEvent:
    """The query event of a joined query. Never raises for what a client or an upstream sent."""
    start, end = joined.start, joined.end
    query, document = _query(start, dialects)
    answer = _answer(start, end, dialects)
    return QueryEvent(
        id=start.id, at=start.at, done=end.at, account=start.account, org=start.org, end_user=query.end_user,
        ip_prefix=start.ip_prefix, method=start.method, path=start.path, headers=start.headers, query=query,
        answer=answer, request=document, status=end.status, outcome=end.outcome, ttft=end.ttft,
        request_bytes=start.size, response_bytes=end.size,
    )  # fmt: skip


def _query(start: Start, dialects: Dialects) -> tuple[Query, object]:
    try:
        return dialects.read(start.method, start.path, start.body, full=start.full)
    except Exception as error:  # noqa: BLE001 - who asked, when and how much is logged whatever the text is
        skipped("read", error, query=text_id(start.id))
        return Query(Operation.OPAQUE, Inspect.UNPARSED), None


def _answer(start: Start, end: End, dialects: Dialects) -> Answer:
    try:
        return dialects.read_answer(
            start.method, start.path, content_type=end.content_type, encoding=end.encoding, body=end.body, full=end.full
        )
    except Exception as error:  # noqa: BLE001 - as above
        skipped("read", error, query=text_id(start.id))
        return Answer(Inspect.UNPARSED)
