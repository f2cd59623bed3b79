"""SavedView: a name for what the queue was asked, so that everybody finds it again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """One named view of the queue, for everybody who reviews here."""

    id: str
    """Its name."""
    query: str
    """What the queue's address asks for, as in ``severity=high&assignee=nobody``."""
    owner: str
    """Who saved it."""
    created: int
    """Microseconds since the epoch."""
    removed: int | None = None
    version: int = 1
