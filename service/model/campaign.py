"""Campaign: accounts that act as one, and why each link between them is there."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class LinkKind(enum.StrEnum):
    """What two accounts of a campaign have in common."""

    TEMPLATE = "template"
    """The same masked template, whole."""
    SYSTEM = "system"
    """The same system prompt."""
    FRAME = "frame"
    """The same first or last words around ever-new payloads."""
    SUCCESSION = "succession"
    """One took up what the other did, after that one was blocked."""


@dataclass(frozen=True, slots=True)
class Link:
    """Why accounts belong together: one thing that they share."""

    kind: LinkKind
    digest: str
    """Of what is shared; equal in two links that are about the same thing."""
    accounts: int
    """How many of the campaign's members share it."""
    devotion: float
    """Share of those members' queries that are of it, in [0, 1]."""
    benign_share: float
    """Share of benign groups of that size whose members are as devoted."""


@dataclass(frozen=True, slots=True)
class Member:
    """An account of a campaign."""

    account: str
    queries: int
    """Of the campaign's content."""
    first_seen: int
    last_seen: int
    """Microseconds since the epoch."""
