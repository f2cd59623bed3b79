"""Sessions and passwords: signing in and out, and showing the password again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request, Response

from service.access.door import NotOpened, TooMany
from service.access.passwords import WeakPasswordError
from service.access.people import NotDone
from service.api import acts
from service.api.documents import Document, rfc3339
from service.api.errors import ApiError, NotFound, TooManyTries, Unauthorized, Unprocessable
from service.api.people_schema import NewPassword, Proof, SessionOut, SignIn
from service.api.responses import errors
from service.api.tokens import identify
from service.model.audit import Act
from service.model.user import User

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.api.identity import Identity

NO_SESSION = "a request with a token has no session; this is for whoever has signed in"


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/session``, ``/api/v1/session/proof`` and ``/api/v1/password``."""

    @app.post(
        "/api/v1/session",
        response_model=SessionOut,
        status_code=201,
        responses=errors(401, 403, 406, 413, 415, 422, 429, token=False),
        tags=["people"],
    )
    def sign_in(body: SignIn, request: Request, response: Response) -> Document:
        """Sign in; the answer sets the session's cookie."""
        control.cookie.check_origin(request)
        user = checked(control, body.name, body.password, request)
        return _enter(control, user, response, by="password")

    @app.delete("/api/v1/session", status_code=204, responses=errors(404, 422), tags=["people"])
    def sign_out(request: Request) -> Response:
        """Sign out: the session ends, and its cookie with it."""
        identity = acts.identity(request)
        if identity.session is None:
            raise NotFound(NO_SESSION)
        control.door.leave(identity.session, identity.name, control.clock())
        answer = Response(status_code=204)
        control.cookie.take(answer)
        return answer

    @app.post("/api/v1/session/proof", status_code=204, responses=errors(404, 413, 415, 422, 429), tags=["people"])
    def prove(body: Proof, request: Request) -> Response:
        """Show the password again, for what asks for that."""
        identity = acts.identity(request)
        if identity.session is None:
            raise NotFound(NO_SESSION)
        proof(control, identity, body.password, request)
        return Response(status_code=204)

    @app.post(
        "/api/v1/password",
        response_model=SessionOut,
        status_code=201,
        responses=errors(401, 403, 406, 413, 415, 422, 429, token=False),
        tags=["people"],
    )
    def set_password(body: NewPassword, request: Request, response: Response) -> Document:
        """Set a password, by a one-time link or by the present one; every other session of the user ends."""
        control.cookie.check_origin(request)
        user = renewed(control, body, request)
        return _enter(control, user, response, by="link" if body.link else "password")


def checked(control: Control, name: str, password: str, request: Request) -> User:
    """The user of that name and password, or the refusal that the API and the pages give alike."""
    address = request.client.host if request.client else ""
    try:
        return control.door.check(name.strip().lower(), password, address, control.clock())
    except TooMany as error:
        raise TooManyTries(str(error), wait=error.wait) from None
    except NotOpened as error:
        raise Unauthorized(str(error), code="invalid_password") from None


def proof(control: Control, identity: Identity, password: str, request: Request) -> None:
    """Take the password, or the token that the session was opened with, as shown again."""
    now = control.clock()
    if identity.user is not None:
        checked(control, identity.user, password, request)
    else:
        shown = identify(control.tokens, control.token_key, password.strip(), now)
        if shown is None or shown.name != identity.name:
            raise Unauthorized("this is not the token that the session was opened with", code="invalid_token")
    control.door.proved(identity.session or b"", now)


def renewed(control: Control, body: NewPassword, request: Request) -> User:
    """The user, with the new password."""
    now = control.clock()
    user = control.people.linked(body.link, now) if body.link else checked(control, body.name, body.current, request)
    if user is None:
        raise Unauthorized("the link is used up, over, or was none; ask an admin for another", code="invalid_link")
    who = f"user:{user.id}"
    act = Act(at=now, actor=who, origin="api", action="user.password_set", subject=who)
    try:
        return control.people.set_password(user.id, body.password, act)
    except WeakPasswordError as error:
        raise Unprocessable(str(error), param="password") from None
    except NotDone as error:
        raise ApiError(str(error), code="conflict") from None


def _enter(control: Control, user: User, response: Response, *, by: str) -> Document:
    secret = control.door.open(f"user:{user.id}", control.clock(), by=by)
    control.cookie.give(response, secret)
    opened = control.door.find(secret, control.clock())
    if opened is None:
        raise Unauthorized("the session was ended at once", code="invalid_session")
    return {"user": user.id, "role": str(user.role), "csrf": opened.csrf, "expires": rfc3339(opened.ends)}
