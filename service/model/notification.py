"""Destination and Notice: where news of the installation goes, and what is told."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from service.model.flag import Severity


class Channel(enum.StrEnum):
    """How a notice gets there."""

    WEBHOOK = "webhook"
    """HTTP POST of JSON, signed as Standard Webhooks says."""
    APPRISE = "apprise"
    """Slack, Teams, Discord, PagerDuty and mail, by an Apprise URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where notices go. What opens it, URL and secret, is sealed and never shown."""

    id: str
    channel: Channel
    shown: str
    """Scheme and host of its URL, which is all that anybody sees of it."""
    sealed: str
    """URL and signing secret, sealed, in hexadecimal."""
    created: int
    wait: int = 30_000_000
    """Microseconds that a notice waits for others, to go with them as one message; a day makes it a digest."""
    severity: Severity = Severity.MEDIUM
    """Alerts below it are not told."""
    removed: int | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that happened."""

    id: str
    destination: str
    event: str
    """A noun and what became of it, as in ``alert.opened``."""
    subject: str
    """Whom it is about, as in ``account:acct-7``."""
    text: str
    """A sentence for people; never a prompt, key or token."""
    created: int
    attempts: int = 0
