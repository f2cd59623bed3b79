"""Sessions: who has signed in. They are held in the process, and a token that is revoked ends them at once."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.api.tokens import identify

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.api.access import Role
    from service.api.control import Control

IDLE = 30 * 60 * 1_000_000
"""Microseconds without a request after which a session ends."""
LONGEST = 12 * 3600 * 1_000_000
"""Microseconds after which it ends in any case."""
MOST = 1_000
"""Sessions held at once; the one idle longest ends first."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page."""

    name: str
    """As the audit log names them: ``token:3f2a``."""
    role: Role
    csrf: str
    """What a form must carry, so that no other site can send one in the visitor's name."""


@dataclass(slots=True)
class _Session:
    token: str
    visitor: Visitor
    began: int
    seen: int


class Sessions:
    """Sessions opened by showing a control-plane token."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._held: dict[str, _Session] = {}
        self._lock = threading.Lock()

    @property
    def cookie(self) -> str:
        """The cookie's name; the prefix holds a browser to https where the installation is not on loopback."""
        return "revenuer_session"

    def enter(self, token: str) -> str | None:
        """A new session's secret for a good token."""
        identity = identify(self._control.tokens, self._control.token_key, token, self._control.clock())
        if identity is None:
            return None
        secret, now = secrets.token_urlsafe(32), self._control.clock()
        visitor = Visitor(f"token:{identity.token}", identity.role, secrets.token_urlsafe(24))
        with self._lock:
            if len(self._held) >= MOST:
                del self._held[min(self._held, key=lambda key: self._held[key].seen)]
            self._held[secret] = _Session(identity.token, visitor, now, now)
        return secret

    def visitor(self, request: Request) -> Visitor | None:
        """Who asks; None where nobody has signed in, or no longer."""
        secret, now = request.cookies.get(self.cookie, ""), self._control.clock()
        session = self._held.get(secret)
        if session is None:
            return None
        stored = self._control.tokens.find(session.token)
        over = now - session.seen > IDLE or now - session.began > LONGEST
        if over or stored is None or (stored.expires is not None and stored.expires <= now):
            self.leave(request)
            return None
        session.seen = now
        return session.visitor

    def leave(self, request: Request) -> None:
        """End the session."""
        with self._lock:
            self._held.pop(request.cookies.get(self.cookie, ""), None)
