"""What a look at a server found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    bad: bool | None
    """True needs someone to act, None is worth knowing, False is well."""
    found: str
    advice: str = ""
    """What to do; empty where there is nothing to do."""
