"""Act and Entry: what somebody did to the installation, and its place in a chain that nobody can change unseen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

FIRST = bytes(32)
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody did, or that was done in somebody's name."""

    at: int
    """Wall-clock time, microseconds since the epoch."""
    actor: str
    """Who: ``token:<id>``, ``user:<name>``, the system's user on the command line, ``policy`` or ``system``."""
    origin: str
    """By which way: ``api``, ``cli``, ``policy`` or ``feed``."""
    action: str
    """A noun and what became of it, as in ``decision.made``."""
    subject: str
    """What it was done to, as in ``account:acct-7`` or ``token:3f2a``."""
    detail: dict[str, str] = field(default_factory=dict)
    """What else is needed to understand it; never a prompt, key or token."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An act in its place."""

    number: int
    """1, 2, 3, ... without a hole."""
    act: Act
    digest: bytes
    """SHA-256 over the digest of the entry before, this number and this act."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the log is not what was written."""

    number: int
    what: str


def link(before: bytes, number: int, act: Act) -> bytes:
    """The digest of an entry.

    Parameters
    ----------
    before
        Digest of the entry before, ``FIRST`` for the first one.

    """
    words = [number, act.at, act.actor, act.origin, act.action, act.subject, sorted(act.detail.items())]
    written = json.dumps(words, ensure_ascii=True, separators=(",", ":")).encode()
    return hashlib.sha256(before + written).digest()
