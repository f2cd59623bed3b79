"""How a reviewer works: with the mouse, or without one. A place on a page is named by a CSS selector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST = 200
"""Presses of Tab after which a place counts as out of reach."""


class Hands(Protocol):
    """What a reviewer does on a page."""

    def press(self, place: str) -> None:
        """Press a button or follow a link."""
        ...

    def write(self, place: str, text: str) -> None:
        """Write into a field."""
        ...

    def choose(self, place: str, option: str) -> None:
        """Choose the option of a list that begins with these letters."""
        ...

    def open_first(self) -> None:
        """From the queue to its first alert."""
        ...

    def claim(self) -> None:
        """Claim the alert."""
        ...

    def to_the_note(self) -> None:
        """To the field of the note."""
        ...


@dataclass(frozen=True, slots=True)
class Mouse:
    """Points and clicks."""

    page: Page

    def press(self, place: str) -> None:
        self.page.locator(place).first.click()

    def write(self, place: str, text: str) -> None:
        self.page.locator(place).first.fill(text)

    def choose(self, place: str, option: str) -> None:
        self.page.locator(place).first.select_option(label=option)

    def open_first(self) -> None:
        self.press("#queue a.open")

    def claim(self) -> None:
        self.press("#claim")

    def to_the_note(self) -> None:
        self.press("#note")


@dataclass(frozen=True, slots=True)
class Keys:
    """Uses Tab, Enter, letters and the console's own keys, and nothing else."""

    page: Page

    def press(self, place: str) -> None:
        self._to(place)
        self.page.keyboard.press("Enter")

    def write(self, place: str, text: str) -> None:
        self._to(place)
        self.page.keyboard.type(text)

    def choose(self, place: str, option: str) -> None:
        self._to(place)
        self.page.keyboard.type(option)

    def open_first(self) -> None:
        self.page.keyboard.press("j")
        self.page.keyboard.press("Enter")

    def claim(self) -> None:
        self.page.keyboard.press("a")

    def to_the_note(self) -> None:
        self.page.keyboard.press("n")

    def _to(self, place: str) -> None:
        """Press Tab until the focus is there."""
        there = "place => document.activeElement !== null && document.activeElement.matches(place)"
        self.page.locator(place).first.wait_for(state="visible")
        for _ in range(MOST):
            if self.page.evaluate(there, place):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST} presses of Tab do not lead to {place}")
