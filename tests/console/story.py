"""The whole story: from the demo's traffic to a decision about its distiller, and back, as a reviewer lives it."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.console.browser import PATIENCE
from tests.e2e.system import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.console.hands import Hands
    from tests.e2e.system import System

DISTILLER, HONEST = "clone-factory", "acme-chatbot"
FIRST_FLAG = 6 * PATIENCE
"""Milliseconds for the demo's traffic to come to a flag: long, on a machine that does much else."""
NOTE = "Asked sales: no synthetic-data job is known for this customer."
REASON = "Works through a list of prompts; asks for nothing twice."


@dataclass(frozen=True, slots=True)
class Story:
    """One reviewer, in front of one installation."""

    system: System
    page: Page
    hands: Hands
    token: str

    def sign_in(self) -> None:
        """Through the door, to the queue."""
        self.page.goto("/console/queue")
        if not self.page.locator("#secret").is_visible():  # folded away where there are people with passwords
            self.hands.press("#by-token summary")
        self.hands.write("#secret", self.token)
        self.hands.press("#by-token button")
        expect(self.page.get_by_role("heading", name="Queue", level=1)).to_be_visible()

    def alert_appears(self) -> None:
        """The distiller comes into the queue while the page stays as it was loaded; nobody honest does."""
        self.page.evaluate("window.__loaded_once = true")
        expect(self.page.locator("#queue tbody tr").filter(has_text=DISTILLER)).to_be_visible(timeout=FIRST_FLAG)
        assert self.page.evaluate("window.__loaded_once === true"), "the page was loaded again"
        assert self.page.locator("#queue tbody tr").filter(has_text=HONEST).count() == 0

    def read(self) -> None:
        """Open the alert: every part of it says something."""
        self.hands.open_first()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(DISTILLER)
        for place in ("#reasons tbody tr", "#hypotheses tbody tr", "#who dd", "#when figure", "#what"):
            expect(self.page.locator(place).first).to_be_visible()
        expect(self.page.locator("#facts")).to_contain_text("false-positive rate")

    def claim(self) -> None:
        """Nobody else takes it now."""
        self.hands.claim()
        expect(self.page.locator("#assignee")).to_be_visible()

    def note(self) -> None:
        """What was found out goes beside it."""
        self.hands.to_the_note()
        expect(self.page.locator("#note")).to_be_focused()
        self.hands.write("#note", NOTE)
        self.hands.press("#write-note")
        expect(self.page.locator("#notes li").filter(has_text=NOTE)).to_be_visible()

    def throttle(self) -> float:
        """Decide; seconds until the distiller is told to wait. Everybody else is served meanwhile."""
        assert self.asks(DISTILLER) == 200
        self.hands.choose("#kind", "throttle")
        self.hands.write("#reason", REASON)
        began = time.monotonic()
        self.hands.press("#submit")
        until(lambda: self.asks(DISTILLER) == 429, "the distiller is told to wait")
        took = time.monotonic() - began
        assert self.asks(HONEST) == 200
        expect(self.page.locator("#done")).to_contain_text("throttle")
        return took

    def undo(self) -> None:
        """Take it back: the distiller is served again."""
        self.hands.press("#undo")
        until(lambda: self.asks(DISTILLER) == 200, "the distiller is served again")

    def audit(self) -> None:
        """All of it is in the audit log, which is as it was written."""
        self.hands.press("nav a[href$='/audit']")
        expect(self.page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
        for word in ("decision.made", "decision.removed", "alert.claimed"):
            expect(self.page.get_by_text(re.compile(re.escape(word))).first).to_be_visible()
        self.hands.press("form[action$='/audit/verify'] button")
        expect(self.page.get_by_role("status").first).to_contain_text(
            re.compile("as (it was )?written|every entry", re.IGNORECASE)
        )
        self.system.run("audit", "verify")

    def asks(self, caller: str) -> int:
        """Status of one query of a caller of the demo."""
        return asks(self.system, caller)


def asks(system: System, caller: str) -> int:
    """Status of one query of a caller of the demo."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.listen}/v1/chat/completions",
        data=json.dumps({"model": "stand-in", "messages": [{"role": "user", "content": "Hello"}]}).encode(),
        headers={"Authorization": f"Bearer sk-demo-{caller}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - always http
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.read()
        return error.code


def origin(system: System) -> str:
    """Where its console is."""
    return f"http://127.0.0.1:{system.control}"


def flagged(system: System) -> None:
    """Wait until the demo's distiller has its alert."""
    statuses = ("new", "in_review", "closed")
    until(
        lambda: any(DISTILLER in str(system.get(f"/api/v1/alerts?status={status}")) for status in statuses),
        "there is an alert",
        360,
    )
