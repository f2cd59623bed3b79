"""People: users made, changed and disabled, each act audited with its change.

Users are disabled and never removed; the last admin can be neither, nor lose the role.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from dataclasses import replace
from typing import TYPE_CHECKING

from service.access.passwords import keep
from service.model.user import NAME, Role, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.audit import Act
    from service.ports import Registers

LINK_LIFE = 24 * 3600 * 1_000_000
"""Microseconds for which a one-time link opens."""


class NotDone(Exception):
    """The change does not fit; the message says why, and what to do."""


class People:
    """Users over their register.

    Parameters
    ----------
    registers
        Where users and sessions are.
    key
        ``Secrets.token_key``.

    """

    def __init__(self, registers: Registers, key: bytes) -> None:
        self._registers = registers
        self._key = key

    def add(self, name: str, role: Role, act: Act, *, password: str = "", subject: str = "") -> User:
        """A new user.

        Raises
        ------
        NotDone
            The name is taken, or none.
        WeakPasswordError
            The password cannot be used.

        """
        if not NAME.fullmatch(name):
            raise NotDone(f"'{name[:64]}' is no user's name: a to z, 0 to 9 and . _ @ + -, at most 64")
        kept = keep(password) if password else ""
        user = User(id=name, role=role, created=act.at, password=kept, subject=subject)
        if not self._registers.users.put(user, act):
            raise NotDone(f"there is a user '{name}' already; names are never given to another")
        return user

    def link(self, name: str, act: Act) -> str:
        """A one-time link's secret, good for a day; it takes the place of one before."""
        secret = random.token_urlsafe(32)
        self._change(name, act, link=self._digest(secret), link_until=act.at + LINK_LIFE)
        return secret

    def linked(self, secret: str, now: int) -> User | None:
        """The enabled user whom a one-time link is for."""
        digest = self._digest(secret)
        return next((user for user in self.all() if _opens(user, digest, now)), None)

    def set_password(self, name: str, password: str, act: Act) -> User:
        """Give the user a password; a link is used up by that, and whoever was signed in is so no longer."""
        user = self._change(name, act, password=keep(password), link="", link_until=0)
        self._registers.sessions.close_all(f"user:{name}")
        return user

    def set_role(self, name: str, role: Role, act: Act) -> User:
        """Another role, from the user's next request on."""
        if role is not Role.ADMIN:
            self._not_the_last(name)
        return self._change(name, act, role=role)

    def disable(self, name: str, act: Act) -> User:
        """Let the user in no longer, from now on: sessions end, and tokens of theirs open nothing."""
        self._not_the_last(name)
        user = self._change(name, act, disabled=act.at)
        self._registers.sessions.close_all(f"user:{name}")
        return user

    def enable(self, name: str, act: Act) -> User:
        """Let the user in again."""
        return self._change(name, act, disabled=None)

    def find(self, name: str) -> User | None:
        """The user of that name."""
        return self._registers.users.find(name)

    def all(self) -> Sequence[User]:
        """Every user, newest first."""
        return self._registers.users.all()

    def approvers(self, beside: str = "") -> Sequence[User]:
        """Enabled admins, without the one called ``user:<name>`` by ``beside``."""
        return [u for u in self.all() if u.role is Role.ADMIN and u.disabled is None and f"user:{u.id}" != beside]

    def _change(self, name: str, act: Act, **changes: object) -> User:
        user = self._found(name)
        after: User = replace(user, version=user.version + 1, **changes)  # type: ignore[arg-type]
        if not self._registers.users.put(after, act):
            raise NotDone(f"user '{name}' was changed by somebody else meanwhile; try again")
        return after

    def _found(self, name: str) -> User:
        user = self.find(name)
        if user is None:
            raise NotDone(f"there is no user '{name[:64]}'")
        return user

    def _not_the_last(self, name: str) -> None:
        user = self._found(name)
        if user.role is Role.ADMIN and user.disabled is None and not self.approvers(f"user:{name}"):
            raise NotDone(f"'{name}' is the last admin: make another one first")

    def _digest(self, secret: str) -> str:
        return hmac.digest(self._key, b"link\0" + secret.encode(), hashlib.sha256).hex()


def _opens(user: User, digest: str, now: int) -> bool:
    return hmac.compare_digest(user.link, digest) and now < user.link_until and user.disabled is None


def welcome(url: str, control: str, secret: str) -> str:
    """The page that takes a one-time link: below the address that browsers use, the control port's own without one."""
    return f"{url or f'http://{control}'}/console/welcome/{secret}"
