"""The pages of the console, as a reviewer finds them: every address that a page's own navigation leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

DEEPER = ("/console/alerts/", "/console/accounts/account/", "/console/campaigns/", "/console/coverage/")
"""Beginnings of addresses of which one each is looked at."""


def every(page: Page) -> list[str]:
    """Addresses of all main pages, and one of each kind of page below them; whoever asks has signed in."""
    page.goto("/console")
    main = _links(page, "nav[aria-label=Main] a")
    below: dict[str, str] = {}
    for address in main:
        page.goto(address)
        for link in _links(page, "main a"):
            below |= {kind: link for kind in DEEPER if link.startswith(kind)}
    return sorted({*main, *below.values()})


def _links(page: Page, which: str) -> list[str]:
    return [link.get_attribute("href") or "" for link in page.locator(which).all()]
