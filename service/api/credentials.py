"""Who asks: from the Authorization header to an identity with the role that the route needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.access import Access, Anyone, Role
from service.api.errors import BadRequest, Forbidden, Unauthorized
from service.api.tokens import identify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.api.control import Control
    from service.api.tokens import Identity

LONGEST = 256
"""Characters of an Authorization header; a token has 67."""


def bearer(headers: Sequence[str]) -> str | None:
    """The token of a request's Authorization headers; None where there is none.

    Raises
    ------
    BadRequest
        More than one header, more than one credential in it, or one too long to be a token.
    Unauthorized
        Another scheme than Bearer.

    """
    if not headers:
        return None
    words = headers[0].split()
    several = len(headers) > 1 or len(words) > 2 or "," in headers[0]
    if several or len(headers[0]) > LONGEST:
        raise BadRequest("send one Authorization header with one token", code="ambiguous_credentials")
    if len(words) < 2 or words[0].lower() != "bearer":
        raise _invalid()
    return words[1]


def authorise(control: Control, access: Access, headers: Sequence[str]) -> Identity | None:
    """The identity behind a request; None where the route needs none and none is shown.

    Raises
    ------
    Unauthorized
        A token is needed and missing, or opens nothing.
    Forbidden
        The token's role is not enough.

    """
    if access is Anyone.OPEN:
        return None
    token = bearer(headers)
    if token is None:
        if access is Anyone.OPTIONAL:
            return None
        raise Unauthorized("send 'Authorization: Bearer <token>'", code="missing_token")
    identity = identify(control.tokens, control.token_key, token, control.clock())
    if identity is None:
        raise _invalid()
    if isinstance(access, Role):
        need(identity, access)
    return identity


def need(identity: Identity, role: Role, what: str = "this") -> None:
    """Refuse an identity whose role does not cover ``role``."""
    if not identity.role.covers(role):
        raise Forbidden(f"{what} needs the role '{role}'; the token has '{identity.role}'")


def _invalid() -> Unauthorized:
    return Unauthorized("the token is not valid; make one with 'revenuer token create'", code="invalid_token")
