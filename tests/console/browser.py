"""The browser of the console's tests: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

OFF = "off"
DESK, PHONE = (1280, 800), (390, 844)
"""Width and height of the screens that the console is looked at on."""
PATIENCE = 60_000.0
"""Milliseconds for something to come about before the test fails; nothing is asserted on how long it took."""
FLAGS = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
WATCH = """
window.__ran = [];
window.alert = window.confirm = window.prompt = (text) => { window.__ran.push(String(text)); };
document.addEventListener("securitypolicyviolation", (event) => {
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample);
});
"""
"""Runs before a page's own scripts: what an attack would call is written down, and what the policy stopped is told."""


class NoBrowserError(Exception):
    """There is no browser; the message says how to get one."""


def executable() -> str:
    """Path of the browser; skips the test where it is switched off.

    Raises
    ------
    NoBrowserError
        There is none.

    """
    named = os.environ.get("REVENUER_TEST_BROWSER", "")
    if named == OFF:
        pytest.skip("REVENUER_TEST_BROWSER=off: THE CONSOLE WAS NOT TESTED IN A BROWSER")
    found = shutil.which(named or "chromium")
    if found is None:
        raise NoBrowserError(
            f"no browser at '{named or 'chromium'}': run 'make test' as root on Debian, or install Chromium "
            "(Debian: apt-get install chromium), or name one with REVENUER_TEST_BROWSER=/path/to/chromium; "
            "REVENUER_TEST_BROWSER=off leaves the console untested"
        )
    return found


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """The browser, for as long as the block runs. No test of ``asyncio`` may run meanwhile in this process."""
    path = executable()
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium refuses to sandbox itself as root
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *sandbox])
        try:
            yield opened
        finally:
            opened.close()


@dataclass  # no slots: Playwright writes beside a handler what it made of it
class Tab:
    """A page, and all that went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """Errors of the console: uncaught exceptions, failed loads, and whatever the page's policy stopped."""
    dialogs: list[str] = field(default_factory=list)
    """What a dialog said."""
    foreign: list[str] = field(default_factory=list)
    """Addresses of other servers that were asked for."""

    def ran(self) -> list[str]:
        """What scripts that do not belong to the page have called."""
        return [*self.dialogs, *self.page.evaluate("window.__ran ?? []")]

    def closed(self, dialog: Dialog) -> None:
        """Write down what a dialog said, and close it: the page waits for that."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()


def tab(context: BrowserContext, origin: str) -> Tab:
    """A new tab, of which everything is watched that it must not do; ``origin`` is the console's own."""
    context.add_init_script(WATCH)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    opened = Tab(page)
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on("console", lambda said: opened.errors.append(said.text) if said.type == "error" else None)
    page.on("dialog", opened.closed)
    page.on("request", lambda asked: None if asked.url.startswith(origin) else opened.foreign.append(asked.url))
    return opened


@contextlib.contextmanager
def opened(browser: Browser, origin: str, *, size: tuple[int, int] = DESK, theme: str = "light") -> Iterator[Tab]:
    """A tab in a fresh context: no cookie, no cache; ``theme`` is what the system prefers."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        base_url=origin,
    )
    try:
        yield tab(context, origin)
    finally:
        context.close()
