"""The documents about people, declared: sessions, users, tokens, and where notices go."""

from __future__ import annotations

from pydantic import Field

from service.api.schema import Time, _Out
from service.model.flag import Severity
from service.model.notification import Channel
from service.model.user import Role

Name = Field(min_length=1, max_length=64)
Password = Field(min_length=1, max_length=1024)


class SignIn(_Out):
    """A user's name and password."""

    name: str = Name
    password: str = Password


class Proof(_Out):
    """The password once more; the token, where the session was opened with one."""

    password: str = Password


class NewPassword(_Out):
    """A new password, by a one-time link or by name and present password."""

    password: str = Password
    link: str = Field(default="", max_length=128)
    name: str = Field(default="", max_length=64)
    current: str = Field(default="", max_length=1024)


class SessionOut(_Out):
    """A session. Its secret is in the cookie alone."""

    user: str
    role: Role
    csrf: str = Field(description="to be sent as X-CSRF-Token with every change")
    expires: Time


class UserIn(_Out):
    """A new user."""

    name: str = Field(min_length=1, max_length=64, description="a to z, 0 to 9 and . _ @ + -; never given to another")
    role: Role


class RoleIn(_Out):
    """Another role."""

    role: Role


class UserOut(_Out):
    """A user."""

    name: str
    role: Role
    created: Time
    disabled: Time | None
    signs_in_by: str = Field(description="`password`, `oidc`, or `link` where the first password is not set yet")


class LinkOut(_Out):
    """A one-time link. It is shown this once and good for 24 hours."""

    name: str
    link: str = Field(description="for POST /api/v1/password")
    address: str = Field(description="the page that takes it")


class UserList(_Out):
    """Every user, newest first."""

    items: list[UserOut]


class TokenIn(_Out):
    """A new token, of at most one's own role."""

    role: Role
    days: int | None = Field(default=90, ge=1, le=3650, description="null: until it is revoked")
    note: str = Field(default="", max_length=200)


class TokenOut(_Out):
    """A token; its text is not stored."""

    id: str
    role: Role
    created: Time
    expires: Time | None
    owner: str | None
    note: str


class TokenMade(TokenOut):
    """A token with its text, shown this once."""

    token: str


class TokenList(_Out):
    """Every token, newest first."""

    items: list[TokenOut]


class DestinationIn(_Out):
    """Where notices are to go."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    channel: Channel
    url: str = Field(min_length=1, max_length=2000, description="of the webhook, or as Apprise writes it; never shown")
    wait: float = Field(default=30.0, ge=0, le=7 * 86400, description="seconds that notices are gathered for a message")
    severity: Severity = Field(default=Severity.MEDIUM, description="alerts below it are not told")


class DestinationOut(_Out):
    """Where notices go."""

    name: str
    channel: Channel
    shown: str = Field(description="scheme and host")
    created: Time
    wait: float
    severity: Severity


class DestinationMade(DestinationOut):
    """A destination with the secret that it can check webhooks by."""

    secret: str | None


class DestinationList(_Out):
    """Every destination."""

    items: list[DestinationOut]
