"""User and Session: the people who work with the installation, and where they are signed in."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
"""A user's name: it stands in the audit log for good, so it is legible and never given to another."""


class Role(enum.StrEnum):
    """What a user or token may do; each role may do what those before it may."""

    VIEWER = "viewer"
    """Read flags, accounts, decisions and how far the log has come."""
    ANALYST = "analyst"
    """Work on alerts, annotate, throttle for a day, and propose blocks."""
    ADMIN = "admin"
    """Block, allow, approve, see to users and tokens, and read metrics."""

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what ``needed`` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person. Users are disabled and never removed, so a name in the audit log stays one person's."""

    id: str
    """The name, as ``NAME`` says."""
    role: Role
    created: int
    """Microseconds since the epoch, as every time here."""
    password: str = ""
    """Argon2id, in its PHC form; empty where there is none, and then no password opens anything."""
    subject: str = ""
    """``issuer|sub`` at an OpenID provider; empty where the user does not come from there."""
    disabled: int | None = None
    link: str = ""
    """Digest of the one-time link by which the first password is set, as hexadecimal."""
    link_until: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in."""

    id: bytes
    """Keyed digest of what its cookie says."""
    user: str
    """``user:<name>``, or ``token:<id>`` where somebody signed in with a token."""
    created: int
    seen: int
    """Last request, within a minute."""
    proved: int
    """When the password was asked for last."""
