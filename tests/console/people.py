"""People of a running installation: made over the API, signed in at the door."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.system import System

PASSWORD = "correct horse battery staple"


def user(system: System, name: str, role: str) -> None:
    """Add a user, who sets a password by the one-time link."""
    link = _post(system, "users", {"name": name, "role": role}, {"Authorization": f"Bearer {system.token}"})["link"]
    _post(system, "password", {"password": PASSWORD, "link": link}, {})


def _post(system: System, noun: str, document: dict[str, str], headers: dict[str, str]) -> Any:
    address = f"http://127.0.0.1:{system.control}/api/v1/{noun}"
    body = json.dumps(document).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - always http
        return json.loads(answer.read() or b"{}")


def sign_in(page: Page, name: str) -> None:
    """By name and password, to the queue."""
    page.goto("/console/sign-in?next=/console/queue")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("#by-password button")
    page.locator("h1", has_text="Queue").wait_for()
