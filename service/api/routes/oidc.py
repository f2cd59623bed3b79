"""Signing in by an OpenID provider: the way out and the way back. Without one in the settings both are not found."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.access.oidc import NotProved, Provider
from service.access.people import NotDone
from service.api.errors import Forbidden, NotFound, Unauthorized
from service.api.responses import errors
from service.model.audit import Act
from service.model.user import NAME, User

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.access.oidc import Subject
    from service.api.control import Control
    from service.ports import Sealer

CALLBACK = "/api/v1/oidc/callback"
HOME = "/console"
Given = Annotated[str | None, Query(max_length=4096)]


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/oidc/login`` and ``/api/v1/oidc/callback``."""
    provider = _provider(control)
    name = f"{control.cookie.name}-oidc"

    @app.get("/api/v1/oidc/login", status_code=303, responses=errors(401, 404, 406, 422, token=False), tags=["people"])
    def begin() -> Response:
        """To the provider; the answer's cookie must come back from there."""
        if provider is None:
            raise NotFound("no OpenID provider is set up: the setting access.oidc")
        try:
            url, sent = provider.begin(control.clock())
        except NotProved as error:
            raise Unauthorized(str(error), code="not_proved") from None
        answer = RedirectResponse(url, 303)
        # Lax, unlike the session's: the browser comes back from another site.
        answer.set_cookie(
            name, sent, max_age=600, path="/", secure=control.cookie.secure, httponly=True, samesite="lax"
        )
        return answer

    @app.get(
        CALLBACK,
        response_class=HTMLResponse,
        responses=errors(401, 403, 404, 406, 422, token=False, plain=True),
        tags=["people"],
    )
    def end(
        request: Request,
        *,
        state: Given = None,
        code: Given = None,
        error: Given = None,
        error_description: Given = None,  # noqa: ARG001 - providers send it; the code says enough
        session_state: Given = None,  # noqa: ARG001 - providers send it
        iss: Given = None,  # noqa: ARG001 - the id token says it, signed
        scope: Given = None,  # noqa: ARG001 - providers send it
    ) -> Response:
        """Back from the provider: the session's cookie, and a page that leads into the console."""
        if provider is None:
            raise NotFound("no OpenID provider is set up: the setting access.oidc")
        given = {"state": state, "code": code, "error": error}
        try:
            subject = provider.end(
                request.cookies.get(name, ""), {k: v for k, v in given.items() if v is not None}, control.clock()
            )
        except NotProved as refused:
            raise Unauthorized(str(refused), code="not_proved") from None
        secret = control.door.open(f"user:{known(control, subject).id}", control.clock(), by="oidc")
        # A page and no redirect: a browser sends a Strict cookie only where the way to a page began on its own site.
        answer = HTMLResponse(
            f'<!doctype html><meta http-equiv="refresh" content="0;url={HOME}"><a href="{HOME}">On</a>'
        )
        control.cookie.give(answer, secret)
        answer.delete_cookie(name, path="/", secure=control.cookie.secure, httponly=True, samesite="lax")
        return answer


def known(control: Control, subject: Subject) -> User:
    """The user whom the provider speaks of, made at the first time, in the role that the groups give now.

    Raises
    ------
    Forbidden
        No group lets them in, they are disabled, or the name is somebody else's.

    """
    if subject.role is None:
        raise Forbidden("none of your groups is let in here: the setting access.oidc.roles", code="no_role")
    user = next((user for user in control.people.all() if user.subject == subject.id), None)
    now = control.clock()
    if user is None:
        return _made(control, subject, now)
    if user.disabled is not None:
        raise Forbidden("this user is disabled", code="disabled")
    if user.role is subject.role:
        return user
    detail = {"role": str(subject.role), "by": "oidc"}
    act = Act(
        at=now, actor=f"user:{user.id}", origin="api", action="user.role_set", subject=f"user:{user.id}", detail=detail
    )
    try:
        return control.people.set_role(user.id, subject.role, act)
    except NotDone:
        return user  # the last admin keeps the role


def _made(control: Control, subject: Subject, now: int) -> User:
    if not NAME.fullmatch(subject.name) or subject.role is None:
        raise Forbidden(f"'{escape(subject.name[:64])}' cannot be a user's name here", code="no_name")
    who = f"user:{subject.name}"
    detail = {"role": str(subject.role), "by": "oidc"}
    try:
        return control.people.add(
            subject.name,
            subject.role,
            Act(at=now, actor=who, origin="api", action="user.added", subject=who, detail=detail),
            subject=subject.id,
        )
    except NotDone as error:
        raise Forbidden(str(error), code="name_taken") from None


def _provider(control: Control) -> Provider | None:
    settings = control.settings.access
    if settings.oidc is None:
        return None
    base = settings.url or f"http://{control.settings.control}"
    return Provider(settings.oidc, base + CALLBACK, _seal(control))


def _seal(control: Control) -> Sealer:
    return control.notices.seal
