"""Door: sessions opened by a password or a token, found again by what their cookie says, and ended."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.access.passwords import holds
from service.model.audit import Act
from service.model.user import Session, User

if TYPE_CHECKING:
    from service.access.people import People
    from service.access.tries import Tries
    from service.ports import Registers
    from service.settings import Access

SECOND = 1_000_000
NOTED = 60 * SECOND
"""Microseconds by which a session's last request may be known too early: not every page is worth a write."""


class TooMany(Exception):
    """Too many tries failed; ``wait`` is how many seconds until the next is taken."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"too many tries failed; the next is taken in {wait} s")
        self.wait = wait


class NotOpened(Exception):
    """Name and password do not open anything. Unknown, disabled and wrong are not told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that is good now."""

    session: Session
    csrf: str
    ends: int
    """When it ends in any case, microseconds since the epoch."""


class Door:
    """Sessions of one installation.

    Parameters
    ----------
    key
        ``Secrets.token_key``: a cookie of another installation opens nothing here.
    times
        How long a session lasts.

    """

    def __init__(self, registers: Registers, people: People, *, key: bytes, times: Access, tries: Tries) -> None:
        self._sessions = registers.sessions
        self._people = people
        self._key = key
        self._times = times
        self._tries = tries

    def check(self, name: str, password: str, address: str, now: int) -> User:
        """The enabled user of that name and password.

        Raises
        ------
        TooMany
            Too many tries from there, or for that name, have failed.
        NotOpened
            There is no such user, or the password is another.

        """
        wait = self._tries.wait(name, address, now)
        if wait:
            raise TooMany(wait)
        user = self._people.find(name)
        good = holds(user.password if user else "", password)
        if user is None or not good or user.disabled is not None:
            self._tries.failed(name, address, now)
            raise NotOpened("the name and the password do not belong together")
        self._tries.passed(name, address)
        return user

    def open(self, who: str, now: int, *, by: str) -> str:
        """Open a session of ``user:<name>`` or ``token:<id>``; the secret for its cookie.

        ``by`` is how, for the audit log: ``password``, ``token``, ``link`` or ``oidc``.
        """
        secret = random.token_urlsafe(32)
        session = Session(id=self._id(secret), user=who, created=now, seen=now, proved=now)
        act = Act(at=now, actor=who, origin="api", action="session.opened", subject=who, detail={"by": by})
        self._sessions.purge(
            seen=now - self._micros(self._times.idle), created=now - self._micros(self._times.lifetime)
        )
        self._sessions.open(session, act)
        return secret

    def find(self, secret: str, now: int) -> Opened | None:
        """The session behind a cookie; None where it is none, or over."""
        session = self._sessions.find(self._id(secret))
        if session is None:
            return None
        ends = session.created + self._micros(self._times.lifetime)
        if now >= ends or now - session.seen >= self._micros(self._times.idle):
            return None
        if now - session.seen >= NOTED:
            self._sessions.touch(session.id, seen=now)
        return Opened(session=session, csrf=self._csrf(secret), ends=ends)

    def proved(self, session: bytes, now: int) -> None:
        """Its password was asked for again, and was right."""
        self._sessions.touch(session, seen=now, proved=now)

    def fresh(self, proved: int, now: int) -> bool:
        """Whether a password asked for then still counts as just shown."""
        return now - proved <= self._micros(self._times.fresh)

    def leave(self, session: bytes, who: str, now: int) -> bool:
        """End the session."""
        act = Act(at=now, actor=who, origin="api", action="session.closed", subject=who)
        return self._sessions.close(session, act)

    def _id(self, secret: str) -> bytes:
        return hmac.digest(self._key, b"session\0" + secret.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def _csrf(self, secret: str) -> str:
        return hmac.digest(self._key, b"csrf\0" + secret.encode(), hashlib.sha256).hex()

    def _micros(self, seconds: float) -> int:
        return round(seconds * SECOND)
