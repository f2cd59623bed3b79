"""Events: what a joined query says, read out of its bytes by the dialects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.ids import text_id
from service.model.query import Answer, Inspect, Operation, Query, QueryEvent
from service.pipeline.skipped import skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.model.query import End, Start
    from service.pipeline.join import Joined
    from service.ports import Dialects


ROOM = 64 * 1024 * 1024
"""Bytes of bodies whose events are kept. As documents they take two to three times as many."""
LEAST = 1024
"""Bytes that an event counts at least."""
GZIP = b"\x1f\x8b"
"""How a compressed body begins."""


@dataclass(slots=True)
class Room:
    """What all readers of a process together may keep."""

    left: int = ROOM
    """Bytes."""


class Reader:
    """Joined queries to events. What is read ahead for the log is kept for the states, as far as there is room.

    What was kept first stays, because it is wanted first: while scoring is behind by more than fits, a part of the
    events is read twice.
    """

    def __init__(self, dialects: Dialects, room: Room) -> None:
        self._dialects = dialects
        self._room = room
        self._kept: dict[bytes, QueryEvent] = {}

    def read(self, joined: Iterable[Joined]) -> list[QueryEvent]:
        """The events of these queries; those that were kept are given away."""
        return [self._again(item) or event(item, self._dialects) for item in joined]

    def ahead(self, joined: Iterable[Joined]) -> list[QueryEvent]:
        """The same for the log; :meth:`read` gives them once more."""
        found = []
        for item in joined:
            found.append(event(item, self._dialects))
            size = _size(found[-1])
            if size <= self._room.left and _plain(item):
                self._room.left -= size
                self._kept[item.start.id] = found[-1]
        return found

    def close(self) -> None:
        """Forget what is kept."""
        while self._kept:
            self._room.left += _size(self._kept.popitem()[1])

    def _again(self, item: Joined) -> QueryEvent | None:
        found = self._kept.pop(item.start.id, None)
        if found is None:
            return None
        self._room.left += _size(found)
        # The log may have seen it time out by a record of another source.
        return found if (found.done, found.outcome) == (item.end.at, item.end.outcome) else None


def _size(found: QueryEvent) -> int:
    return max(found.request_bytes + found.response_bytes, LEAST)


def _plain(item: Joined) -> bool:
    """Whether the document is no larger than the body tells: one that was compressed may be two hundred times that."""
    return not item.end.encoding and not item.start.body.startswith(GZIP)


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
