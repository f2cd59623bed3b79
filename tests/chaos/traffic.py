"""Made-up records of several gateways: hours of event time, enough for windows to close and flags to be raised."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.ids import event_id, shard, stamped
from service.model.query import End, Mark, Outcome, Start
from tests.chaos.load import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 1_000_000
HOURS = 5
"""Of event time; all of it in the past, as if the worker had been away."""
MARKS = 60 * SECOND
BODY = json.dumps({"usage": {"prompt_tokens": 60, "completion_tokens": 40}}).encode()


@dataclass(frozen=True, slots=True)
class Logged:
    """A record, and when its gateway wrote it."""

    at: int
    gateway: int
    record: Start | End | Mark


def traffic(queries: int, gateways: int, *, seed: int = 1) -> list[Logged]:
    """The records of so many queries in the order of time, each gateway's as it would have written them."""
    rng = random.Random(seed)
    begin = time.time_ns() // 1000 - HOURS * 3600 * SECOND
    step = HOURS * 3600 * SECOND // (queries + 1)
    found: list[Logged] = []
    for number in range(queries):
        start, end = _query(number, begin + number * step, rng)
        gateway = rng.randrange(gateways)
        found += [Logged(start.at, gateway, start), Logged(end.at, gateway, end)]
    over = begin + HOURS * 3600 * SECOND + 60 * SECOND
    for gateway in range(gateways):
        found += [Logged(at, gateway, Mark(at)) for at in range(begin, over, MARKS)]
    return sorted(found, key=lambda item: (item.at, item.gateway))


def by_gateway(logged: list[Logged], gateways: int) -> Iterator[list[Start | End | Mark]]:
    """Each gateway's own records."""
    for gateway in range(gateways):
        yield [item.record for item in logged if item.gateway == gateway]


def _query(number: int, at: int, rng: random.Random) -> tuple[Start, End]:
    # A few accounts ask most, so that some are scored often; half of them belong to an org.
    account = int(10 * rng.random() ** 2)
    org = f"org-{account % 3}" if account % 2 else ""
    name = f"acct-{account}"
    key = stamped(event_id(at), shard(org, name))
    words = " ".join(rng.choice(WORDS) for _ in range(20))
    message = {"role": "user", "content": f"{number:06d} {words}"}
    request = json.dumps({"model": "m", "messages": [message], "user": f"u-{number % 7}"}).encode()
    # Odd microseconds for ends, so that no two records of a gateway have the same time.
    took = rng.randrange(SECOND // 2, 4 * SECOND) | 1
    start = Start(
        id=key, at=at, account=name, org=org, ip_prefix="", method="POST", path="/v1/chat/completions", headers={},
        body=request, size=len(request), full=True, digest=b"",
    )  # fmt: skip
    end = End(
        id=key, at=at + took, status=200, outcome=Outcome.OK, ttft=took // 2, encoding="",
        content_type="application/json", body=BODY, size=len(BODY), full=True,
    )  # fmt: skip
    return start, end
