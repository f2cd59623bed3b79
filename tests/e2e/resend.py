"""Query records sent again through a running proxy, at a multiple of their speed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

TRUTHFUL = ("user-agent", "x-stainless-retry-count", "x-stainless-lang", "anthropic-version")
"""Headers of the recorded client that are sent again."""


def caller_key(account: str) -> str:
    """A made-up key of an account."""
    return f"sk-test-{hashlib.sha256(account.encode()).hexdigest()[:40]}"


def identity_map(file: Path, accounts: Mapping[str, str], pepper: bytes) -> None:
    """Names the accounts (account -> org) by their keys' digests, as an operator's file does."""
    keys = {
        hmac.digest(pepper, caller_key(account).encode(), "sha256")[:16].hex(): {"account": account}
        | ({"org": org} if org else {})
        for account, org in accounts.items()
    }
    file.write_text(json.dumps({"keys": keys}))


@dataclass
class Resent:
    """What came of it."""

    sent: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    failed: int = 0


async def resend(records: Iterable[Mapping[str, Any]], *, url: str, speed: float, connections: int = 200) -> Resent:
    """Send each record at its time, ``speed`` times as fast, and read every answer to its end."""
    result = Resent()
    limit = asyncio.Semaphore(connections)
    loop = asyncio.get_running_loop()
    begun, first = loop.time(), None
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as group:
        for record in records:
            at = _seconds(record["ts"])
            first = at if first is None else first
            await asyncio.sleep(max(0.0, begun + (at - first) / speed - loop.time()))
            await limit.acquire()
            result.sent += 1
            group.create_task(_send(session, url, record, result, limit))
    return result


async def _send(
    session: aiohttp.ClientSession, url: str, record: Mapping[str, Any], result: Resent, limit: asyncio.Semaphore
) -> None:
    headers = {k: v for k, v in (record.get("headers") or {}).items() if k.lower() in TRUTHFUL}
    headers |= {"Authorization": f"Bearer {caller_key(record['account'])}", "Content-Type": "application/json"}
    method = record.get("method", "POST")
    body = json.dumps(record["request"]).encode() if method != "GET" else None
    try:
        async with session.request(method, url + record["path"], data=body, headers=headers) as answer:
            await answer.read()
            result.statuses[answer.status] = result.statuses.get(answer.status, 0) + 1
    except aiohttp.ClientError:
        result.failed += 1
    finally:
        limit.release()


def _seconds(ts: str | float) -> float:
    return datetime.fromisoformat(ts).timestamp() if isinstance(ts, str) else float(ts)
