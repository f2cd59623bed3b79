"""Control-plane tokens: ``rvn_<id>_<secret>``, of which only a keyed digest is stored.

The secret has 256 random bits, so a plain HMAC keeps it: there is nothing to
guess that a slow hash would protect.

The first start makes one admin token, so that there is a way in. It is shown
once, holds for 24 hours, and is revoked as soon as another admin token is made.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets as random
import sys
from typing import TYPE_CHECKING, TextIO

from service.api.access import Role
from service.api.control import clock
from service.api.identity import Identity
from service.model.audit import Act
from service.ports import Token

if TYPE_CHECKING:
    from pathlib import Path

    from service.ports import Tokens
    from service.secrets import Secrets
    from service.settings import Settings

PATTERN = re.compile(r"rvn_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
SYSTEM = "system"
"""Who acts where nobody asked for it."""
FIRST_NOTE = "first start"
FIRST_LIFE = 24 * 3600 * 1_000_000
"""Microseconds."""


def issue(
    tokens: Tokens, key: bytes, *, role: Role, now: int, life: int | None, note: str = "", actor: str = SYSTEM,
    owner: str = "",
) -> str:  # fmt: skip
    """Make and store a token; the only place and time that its whole text exists.

    Parameters
    ----------
    key
        ``Secrets.token_key``.
    now, life
        Microseconds since the epoch, and until it expires; None never expires.
    actor
        Who makes it, for the audit log.
    owner
        The user whose it is, as ``user:<name>``; empty for one made on the command line.

    """
    token_id, secret = random.token_hex(6), random.token_urlsafe(32)
    expires = None if life is None else now + life
    detail = {"role": str(role), "expires": "" if expires is None else str(expires), "note": note}
    act = Act(
        at=now,
        actor=actor,
        origin="api" if owner else "cli",
        action="token.made",
        subject=f"token:{token_id}",
        detail=detail,
    )
    tokens.add(Token(token_id, str(role), now, expires, _digest(key, secret), note, owner), act)
    return f"rvn_{token_id}_{secret}"


def identify(tokens: Tokens, key: bytes, text: str, now: int) -> Identity | None:
    """Whose token that is; None for every text that opens nothing, whatever the reason."""
    match = PATTERN.fullmatch(text)
    token_id, secret = match.groups() if match else ("", "")
    stored = tokens.find(token_id) if match else None
    # Compared even where there is nothing to compare with, so that the time tells nothing.
    equal = hmac.compare_digest(_digest(key, secret), stored.digest if stored else bytes(32))
    if stored is None or not equal or not valid(stored, now):
        return None
    return of(stored)


def of(stored: Token) -> Identity:
    """The identity that a token gives."""
    return Identity(name=f"token:{stored.id}", role=Role(stored.role), expires=stored.expires, owner=stored.owner)


def valid(token: Token, now: int) -> bool:
    """Whether it opens anything at that time."""
    return (token.expires is None or now < token.expires) and token.role in list(Role)


def bootstrap(
    tokens: Tokens, settings: Settings, secrets: Secrets, *, now: int | None = None, terminal: TextIO | None = None
) -> str:
    """On the first start, make the one-time admin token; the answer is the line that tells the operator.

    The token itself is in that line only where ``terminal`` (standard output by default) is one; otherwise it goes
    into ``admin-token`` in the data folder, with mode 0600. Empty where a token has been made before.
    """
    if tokens.all():
        return ""
    now = clock() if now is None else now
    text = issue(tokens, secrets.token_key, role=Role.ADMIN, now=now, life=FIRST_LIFE, note=FIRST_NOTE)
    if (terminal or sys.stdout).isatty():
        return f"admin token, shown once and good for 24 hours: {text}"
    path = first_file(settings)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    return f"admin token, good for 24 hours, in {path}"


def retire_first(tokens: Tokens, settings: Settings, *, actor: str = SYSTEM) -> bool:
    """Revoke the token of the first start and remove its file; True where there was one."""
    first_file(settings).unlink(missing_ok=True)
    first = [token for token in tokens.all() if token.note == FIRST_NOTE]
    for token in first:
        subject = f"token:{token.id}"
        tokens.revoke(token.id, Act(at=clock(), actor=actor, origin="cli", action="token.revoked", subject=subject))
    return bool(first)


def first_file(settings: Settings) -> Path:
    """Where the token of the first start is written when there is no terminal."""
    return settings.data / "admin-token"


def _digest(key: bytes, secret: str) -> bytes:
    return hmac.digest(key, b"token\0" + secret.encode(), hashlib.sha256)
