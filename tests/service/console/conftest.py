"""The console over a real SQLite store with seeded records, and a browser's worth of client."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from service.bootstrap.console import add_console
from service.settings import Settings
from tests.service.api.conftest import Plane, Seeded, planes, seeded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

__all__ = ["seeded"]

HOME = "http://127.0.0.1:8081"
CSRF = re.compile(r'name="csrf" value="([0-9a-zA-Z_-]+)"')


class Browser:
    """Follows no redirect, keeps cookies, and sends forms as a browser does."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def sign_in(self, token: str) -> httpx.Response:
        """Show a token at the door."""
        answer = await self.client.post("/console/sign-in", data={"secret": token}, headers={"Origin": HOME})
        found = CSRF.search((await self.get("/console/queue")).text)
        self.csrf = found[1] if found else ""
        return answer

    async def get(self, path: str) -> httpx.Response:
        """A page."""
        return await self.client.get(path)

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """A form of one of our own pages."""
        headers = {"Origin": HOME, "Sec-Fetch-Site": "same-origin"}
        return await self.client.post(path, data={"csrf": self.csrf, **fields}, headers=headers)


class House:
    """A control plane with its console."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane

    def token(self, role: str) -> str:
        """The text of that role's token."""
        return self.plane.headers[role]["Authorization"].removeprefix("Bearer ")

    @asynccontextmanager
    async def browser(self, role: str = "") -> AsyncIterator[Browser]:
        """A browser, signed in with the role's token where one is named."""
        transport = httpx.ASGITransport(self.plane.app)
        async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
            browser = Browser(client)
            if role:
                assert (await browser.sign_in(self.token(role))).status_code == 303
            yield browser


@pytest.fixture
def house(seeded: Seeded, tmp_path: Path) -> Iterator[House]:
    """A console on a copy of the seeded database."""
    settings = Settings(data=tmp_path)
    for plane in planes(seeded, settings):
        add_console(plane.app, settings, plane.stores)
        yield House(plane)
