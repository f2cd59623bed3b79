"""Who asks: from a request's token or cookie to an identity with the role that the route needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.api.access import Access, Anyone, Role
from service.api.cookies import HEADER, SAFE, check_token
from service.api.errors import BadRequest, Forbidden, Unauthorized
from service.api.identity import Identity
from service.api.tokens import identify, of, valid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from service.api.control import Control

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


def authorise(control: Control, access: Access, request: Request, *, form_csrf: str | None = None) -> Identity | None:
    """The identity behind a request; None where the route needs none and none is shown.

    A token in the Authorization header goes before a cookie, which is then not looked at. A session's request that
    may change something must be made by our own pages, and carry the session's token as ``X-CSRF-Token`` or, where
    the caller has read a form, as ``form_csrf``.

    Raises
    ------
    Unauthorized
        A token or session is needed and missing, or opens nothing.
    Forbidden
        The role is not enough, another site made the request, or the password must be asked for again.

    """
    if access is Anyone.OPEN:
        return None
    identity = _by_token(control, request) or _by_cookie(control, request)
    if identity is None:
        if access is Anyone.OPTIONAL:
            return None
        raise Unauthorized("send 'Authorization: Bearer <token>', or sign in", code="missing_token")
    if identity.session is not None and request.method not in SAFE:
        control.cookie.check_origin(request)
        check_token(identity.csrf, request.headers.get(HEADER, "") if form_csrf is None else form_csrf)
    if isinstance(access, Role):
        need(identity, access)
    return identity


def session(control: Control, request: Request) -> Identity | None:
    """Who is signed in, by the request's cookie alone; None where nobody is, or no longer."""
    secret, now = control.cookie.of(request), control.clock()
    opened = control.door.find(secret, now) if secret else None
    if opened is None:
        return None
    kind, _, name = opened.session.user.partition(":")
    found = _user(control, name) if kind == "user" else _token(control, name, now)
    if found is None:
        return None
    return replace(
        found, expires=opened.ends, session=opened.session.id, csrf=opened.csrf, proved=opened.session.proved
    )


def need(identity: Identity, role: Role, what: str = "this") -> None:
    """Refuse an identity whose role does not cover ``role``."""
    if not identity.role.covers(role):
        raise Forbidden(f"{what} needs the role '{role}'; yours is '{identity.role}'")


def need_fresh(control: Control, identity: Identity, what: str = "this") -> None:
    """Refuse a session whose password was not asked for lately. A token is shown with each request anyway."""
    if identity.session is not None and not control.door.fresh(identity.proved or 0, control.clock()):
        raise Forbidden(f"{what} needs your password again: POST /api/v1/session/proof", code="proof_needed")


def _by_token(control: Control, request: Request) -> Identity | None:
    text = bearer(request.headers.getlist("authorization"))
    if text is None:
        return None
    now = control.clock()
    identity = identify(control.tokens, control.token_key, text, now)
    found = _token(control, identity.token or "", now) if identity else None
    if found is None:
        raise _invalid()
    return found


def _by_cookie(control: Control, request: Request) -> Identity | None:
    if control.cookie.of(request) is None:
        return None
    identity = session(control, request)
    if identity is None:
        raise Unauthorized("the session is over, or was none; sign in again", code="invalid_session")
    return identity


def _user(control: Control, name: str) -> Identity | None:
    user = control.people.find(name)
    if user is None or user.disabled is not None:
        return None
    return Identity(name=f"user:{user.id}", role=user.role, owner=f"user:{user.id}")


def _token(control: Control, token_id: str, now: int) -> Identity | None:
    """What the token gives now: no more than its owner may, where it has one."""
    stored = control.tokens.find(token_id)
    if stored is None or not valid(stored, now):
        return None
    identity = of(stored)
    if not identity.owner.startswith("user:"):
        return identity
    owner = _user(control, identity.owner.removeprefix("user:"))
    if owner is None:
        return None
    return identity if owner.role.covers(identity.role) else replace(identity, role=owner.role)


def _invalid() -> Unauthorized:
    return Unauthorized("the token is not valid; make one with 'revenuer token create'", code="invalid_token")
