"""Take pictures of the console's pages in the demo's data: ``python -m tests.console.pictures docs/images``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.console.browser import DESK, PHONE, browser, opened
from tests.console.people import sign_in, user
from tests.console.story import DISTILLER, flagged, origin
from tests.e2e.system import System, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WHO = "ada"
PAGES = {
    "overview": "/console",
    "queue": "/console/queue",
    "coverage": f"/console/coverage?scope=account&entity={DISTILLER}",
    "detectors": "/console/detectors",
}
"""Name of a picture -> address of the page."""
THEMES = ("light", "dark")
LONG = 400.0
"""Seconds for the demo's campaign to be found."""


def main(folder: Path) -> None:
    """A picture of each in either theme, of the door, and of the queue on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, System(Path(data) / "data") as demo, browser() as chromium:
        user(demo, WHO, "admin")
        flagged(demo)
        until(lambda: demo.get("/api/v1/campaigns")["items"], "there is a campaign", LONG)
        for theme in THEMES:
            _desk(demo, chromium, folder, theme)
        with opened(chromium, origin(demo), size=PHONE) as tab:
            sign_in(tab.page, WHO)
            _take(tab.page, "/console/queue", folder / "queue-phone.png")


def _desk(demo: System, chromium: Browser, folder: Path, theme: str) -> None:
    with opened(chromium, origin(demo), theme=theme, size=DESK) as tab:
        _take(tab.page, "/console/sign-in", folder / f"sign-in-{theme}.png")
        sign_in(tab.page, WHO)
        for name, address in PAGES.items():
            _take(tab.page, address, folder / f"{name}-{theme}.png")
        tab.page.goto("/console/queue")
        alert = tab.page.locator("#queue a.open", has_text=DISTILLER).first.get_attribute("href")
        assert alert is not None
        _take(tab.page, alert, folder / f"alerts-{theme}.png")
        campaign = demo.get("/api/v1/campaigns")["items"][0]["id"]
        _take(tab.page, f"/console/campaigns/{campaign}", folder / f"campaign-{theme}.png")


def _take(page: Page, address: str, path: Path) -> None:
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=path, full_page=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
