"""An endless stream of spool records: recorded traffic over and over, or made-up words where there is none.

Every turn through the material is later in time and comes from new accounts,
so that nothing is a re-run of the turn before and every turn brings new entities.
"""

from __future__ import annotations

import gzip
import heapq
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from service.model.ids import event_id, shard, stamped
from service.model.query import End, Outcome, Start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MICROSECONDS = 1_000_000
BEGIN = 1_767_225_600 * MICROSECONDS
"""2026-01-01: where the stream's time begins."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query to be repeated; ``offset`` is its arrival after the first of its turn."""

    offset: int
    took: int
    account: str
    path: str
    headers: dict[str, str]
    request: bytes
    answer: bytes
    status: int


def recorded(folder: Path) -> list[Query]:
    """The queries of every ``.jsonl`` and ``.jsonl.gz`` of a folder, by time."""
    records = [record for path in sorted(folder.glob("*.jsonl*")) for record in _read(path)]
    begin = min(_time(record) for record in records)
    return sorted((_query(record, begin) for record in records), key=lambda query: query.offset)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        yield from (json.loads(line) | {"trace": path.name.partition(".")[0]} for line in lines)


def _time(record: dict[str, Any]) -> int:
    ts = record["ts"]
    seconds = ts if isinstance(ts, int | float) else datetime.fromisoformat(ts).timestamp()
    return round(seconds * MICROSECONDS)


def _query(record: dict[str, Any], begin: int) -> Query:
    return Query(
        offset=_time(record) - begin,
        took=round((record.get("latency_ms") or 0) * 1000),
        account=f"{record['trace']}/{record['account']}",
        path=record["path"],
        headers={name.lower(): value for name, value in record.get("headers", {}).items()},
        request=json.dumps(record["request"]).encode(),
        answer=json.dumps(record.get("response") or {}).encode(),
        status=record.get("status") or 200,
    )


def made_up(queries: int = 20_000, accounts: int = 200) -> list[Query]:
    """Chats of random words: what the machinery costs where no recorded traffic is at hand."""
    rng = np.random.default_rng(7)
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), rng.integers(2, 10))) for _ in range(5000)]
    usage = json.dumps({"usage": {"prompt_tokens": 200, "completion_tokens": 180}}).encode()
    return [
        Query(
            offset=number * 100_000,
            took=800_000,
            account=f"acct-{rng.integers(accounts)}",
            path="/v1/chat/completions",
            headers={"user-agent": "OpenAI/Python 3.1.0"},
            request=_chat(" ".join(rng.choice(words, 150))),
            answer=usage,
            status=200,
        )
        for number in range(queries)
    ]


def _chat(text: str) -> bytes:
    messages = [{"role": "system", "content": "You are a careful assistant."}, {"role": "user", "content": text}]
    return json.dumps({"model": "gpt-4.1", "messages": messages, "temperature": 0.7}).encode()


def records(material: Sequence[Query], queries: int) -> Iterator[Start | End]:
    """Start and end records of that many queries, in the order in which a gateway would have written them."""
    span = max(query.offset + query.took for query in material) + MICROSECONDS
    running: list[tuple[int, int, End]] = []
    last = 0
    for number, (turn, query) in zip(range(queries), _turns(material), strict=False):
        at = BEGIN + turn * span + query.offset
        while running and running[0][0] <= at:
            last = max(last + 1, running[0][0])
            yield _ended(heapq.heappop(running)[2], last)
        start, end = _pair(query, at, turn)
        yield start
        heapq.heappush(running, (end.at, number, end))
    while running:
        last = max(last + 1, running[0][0])
        yield _ended(heapq.heappop(running)[2], last)


def _turns(material: Sequence[Query]) -> Iterator[tuple[int, Query]]:
    for turn in count():
        yield from ((turn, query) for query in material)


def _pair(query: Query, at: int, turn: int) -> tuple[Start, End]:
    account = f"{query.account}~{turn}"
    key = stamped(event_id(at), shard("", account))
    start = Start(
        id=key,
        at=at,
        account=account,
        org="",
        ip_prefix="",
        method="POST",
        path=query.path,
        headers=query.headers,
        body=query.request,
        size=len(query.request),
        full=True,
        digest=b"",
    )
    end = End(
        id=key,
        at=at + query.took,
        status=query.status,
        outcome=Outcome.OK,
        ttft=query.took // 4,
        encoding="",
        content_type="application/json",
        body=query.answer,
        size=len(query.answer),
        full=True,
    )
    return start, end


def _ended(end: End, at: int) -> End:
    """The same end at another time: completion times rise strictly within a source."""
    return end if end.at == at else End(**{name: getattr(end, name) for name in End.__struct_fields__} | {"at": at})
