"""Events: what a joined query says, read out of its bytes by the dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.model.query import QueryEvent

if TYPE_CHECKING:
    from service.pipeline.join import Joined
    from service.ports import Dialects


def event(joined: Joined, dialects: Dialects) -> QueryEvent:
    """The query event of a joined query. Never raises for what a client or an upstream sent."""
    start, end = joined.start, joined.end
    query, document = dialects.read(start.method, start.path, start.body, full=start.full)
    answer = dialects.read_answer(
        start.method, start.path, content_type=end.content_type, encoding=end.encoding, body=end.body, full=end.full
    )
    return QueryEvent(
        id=start.id, at=start.at, done=end.at, account=start.account, org=start.org, end_user=query.end_user,
        ip_prefix=start.ip_prefix, method=start.method, path=start.path, headers=start.headers, query=query,
        answer=answer, request=document, status=end.status, outcome=end.outcome, ttft=end.ttft,
        request_bytes=start.size, response_bytes=end.size,
    )  # fmt: skip
