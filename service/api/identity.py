"""Identity: who asks, by token or by session alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.model.user import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks. What opened the door, a token's secret or a cookie, is not in it."""

    name: str
    """As the audit log names them: ``user:<name>`` or ``token:<id>``."""
    role: Role
    expires: int | None = None
    """Microseconds since the epoch; None where it does not end by itself."""
    session: bytes | None = None
    """Id of the session; None where a token was shown with the request itself."""
    csrf: str = ""
    """What a session's requests that change anything must carry, as ``X-CSRF-Token`` or the form field ``csrf``."""
    proved: int | None = None
    """When the session's password was asked for last."""
    owner: str = ""
    """The person behind it, ``user:<name>``: who made the token, or the user; empty where nobody is known."""

    @property
    def user(self) -> str | None:
        """The user's name; None for a token."""
        return self.name.removeprefix("user:") if self.name.startswith("user:") else None

    @property
    def token(self) -> str | None:
        """The token's id; None for a user."""
        return self.name.removeprefix("token:") if self.name.startswith("token:") else None

    @property
    def person(self) -> str:
        """Who stands for what is done: the owner of a token, where one is known."""
        return self.owner or self.name
