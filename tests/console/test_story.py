"""A reviewer in a real browser: on the embedded default with the mouse, on Postgres and Valkey by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.browser import browser, opened
from tests.console.hands import Keys, Mouse
from tests.console.story import Story
from tests.e2e.system import System

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.console.hands import Hands

pytestmark = pytest.mark.xdist_group("processes")


def _lived(system: System, hands: Callable[[Page], Hands], record: Callable[[str, object], None]) -> None:
    """The story from its beginning to its end, and nothing went wrong on the way."""
    origin = f"http://127.0.0.1:{system.control}"
    with browser() as chromium, opened(chromium, origin) as tab:
        story = Story(system, tab.page, hands(tab.page), system.token)
        story.sign_in()
        story.alert_appears()
        story.read()
        story.claim()
        story.note()
        record("seconds until the decision was obeyed", story.throttle())
        story.undo()
        story.audit()
        assert (tab.errors, tab.ran(), tab.foreign) == ([], [], [])


def test_embedded_with_the_mouse(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """From demo traffic to a decision that is obeyed, taken back and audited, with nothing but ``revenuer serve``."""
    with System(tmp_path / "data") as system:
        _lived(system, Mouse, record_property)


def test_several_hosts_by_keyboard(
    tmp_path: Path, postgres_url: str, valkey_url: str, record_property: Callable[[str, object], None]
) -> None:
    """The same on Postgres and Valkey, without ever touching a mouse."""
    options = {"database": postgres_url, "stream": valkey_url, "partitions": 4}
    with System(tmp_path / "data", options=options) as system:
        _lived(system, Keys, record_property)
