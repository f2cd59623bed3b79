"""Offer: what a form that decides offers to whoever looks at it, and what it has just made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.access import DECIDES
from service.model.decision import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from service.console.visit import Visit
    from service.model.decision import Decision

LASTS = {"1h": "1 hour", "1d": "24 hours", "7d": "7 days", "30d": "30 days", "": "until it is removed"}
"""Choice -> words."""


def offered(visit: Visit) -> dict[str, Any]:
    """Kinds that whoever asks may make or propose, and for how long."""
    return {"kinds": [kind for kind in Kind if kind is Kind.BLOCK or visit.may(DECIDES[kind])], "lasts": LASTS}


def made_here(visit: Visit, decisions: Iterable[Decision]) -> Decision | None:
    """The decision of these that the form before has made."""
    return next((made for made in decisions if made.id == visit.asked("made")), None)
