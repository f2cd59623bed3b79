"""Watch: the control port, asked as any client asks it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Document = dict[str, Any]
POLL = 0.5
"""Seconds between two questions."""
TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(slots=True)
class Watch:
    """A viewer of the flags API."""

    control: str
    """URL of the control port."""
    token: str = field(repr=False)
    since: float
    """Start of the demo, seconds since the epoch."""

    async def flags(self, stop: asyncio.Event) -> AsyncIterator[Document]:
        """Flags of medium or above, each once, as they come, until told to stop."""
        seen: set[str] = set()
        async with self._session() as session:
            while not stop.is_set():
                page = await self._get(session, f"/api/v1/flags?severity=medium&since={self.since:.3f}&limit=100")
                for flag in reversed(page.get("items", [])):
                    if flag["id"] not in seen:
                        seen.add(flag["id"])
                        yield flag
                try:
                    await asyncio.wait_for(stop.wait(), POLL)
                except TimeoutError:
                    continue

    async def accounts(self) -> list[Document]:
        """The accounts with their latest scoring, most queries first."""
        async with self._session() as session:
            page = await self._get(session, "/api/v1/accounts?scope=account&limit=100")
            listed = sorted(page.get("items", []), key=lambda account: -account["queries"])
            names = (quote(account["entity"]["value"], safe="") for account in listed[:12])
            return [found for name in names if (found := await self._get(session, f"/api/v1/accounts/{name}"))]

    def address(self, flag: Document) -> str:
        """Where a flag can be asked for."""
        return f"{self.control}/api/v1/flags/{flag['id']}"

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=TIMEOUT, headers={"authorization": f"Bearer {self.token}"})

    async def _get(self, session: aiohttp.ClientSession, path: str) -> Document:
        """The document, or an empty one while the control port does not answer."""
        try:
            async with session.get(self.control + path) as answer:
                return await answer.json() if answer.status == 200 else {}
        except (aiohttp.ClientError, TimeoutError):
            return {}
