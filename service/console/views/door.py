"""The door: signing in and out, setting a password, and how the pages look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.api.errors import ApiError, TooManyTries, Unauthorized
from service.api.people_schema import NewPassword
from service.api.routes.session import checked, proof, renewed
from service.api.tokens import identify
from service.console.visit import ROOT, inside

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

log = structlog.get_logger()

THEMES = ("dark", "light")
YEAR = 365 * 86_400


def show(visit: Visit) -> Response:
    """The form."""
    if visit.visitor is not None:
        return visit.go(inside(visit.asked("next")))
    return _form(visit, next_page=inside(visit.asked("next")))


def enter(visit: Visit) -> Response:
    """Sign in with name and password, or with a token."""
    next_page = inside(visit.field("next"))
    try:
        who, by = _who(visit)
    except (Unauthorized, TooManyTries) as refused:
        log.info("console.refused")
        return _form(visit, next_page=next_page, refused=refused)
    return _opened(visit, who, by, next_page)


def leave(visit: Visit) -> Response:
    """Sign out."""
    if visit.visitor and visit.visitor.session is not None:
        visit.control.door.leave(visit.visitor.session, visit.actor, visit.now)
    response = visit.go(f"{ROOT}/sign-in")
    visit.control.cookie.take(response)
    return response


def welcome(visit: Visit) -> Response:
    """The form that a one-time link leads to."""
    user = visit.control.people.linked(visit.part("secret")[:128], visit.now)
    return visit.page("welcome.html", status=200 if user else 404, user=user, refused="")


def renew(visit: Visit) -> Response:
    """Set the password that the link is for, and sign in with it."""
    secret = visit.part("secret")[:128]
    try:
        user = renewed(visit.control, NewPassword(password=visit.secret("password") or " ", link=secret), visit.request)
    except Unauthorized:
        return visit.page("welcome.html", status=404, user=None, refused="")
    except ApiError as refused:
        linked = visit.control.people.linked(secret, visit.now)
        return visit.page("welcome.html", status=refused.status, user=linked, refused=refused.message)
    return _opened(visit, f"user:{user.id}", "link", ROOT)


def prove(visit: Visit) -> Response:
    """Take the password as shown again, and go back to what asked for it."""
    if visit.visitor is not None and visit.visitor.session is not None:
        try:
            proof(visit.control, visit.visitor, visit.secret("password"), visit.request)
        except Unauthorized as refused:
            return visit.page("error.html", status=403, title="Not the password", message=refused.message, proof="")
    return visit.go(inside(visit.field("next")))


def theme(visit: Visit) -> Response:
    """Keep in a cookie whether pages are dark or light; anything else follows the system again."""
    response = visit.go(inside(visit.field("next")))
    chosen = visit.field("theme")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, path=ROOT, samesite="strict", httponly=True)
    else:
        response.delete_cookie("theme", path=ROOT)
    return response


def _who(visit: Visit) -> tuple[str, str]:
    """Whom the form lets in, and by what."""
    if visit.field("name"):
        user = checked(visit.control, visit.field("name"), visit.secret("password"), visit.request)
        return f"user:{user.id}", "password"
    shown = identify(visit.control.tokens, visit.control.token_key, visit.field("secret"), visit.now)
    if shown is None:
        raise Unauthorized("that token opens nothing here: it may have a typing error, or be revoked or over")
    return shown.name, "token"


def _opened(visit: Visit, who: str, by: str, next_page: str) -> Response:
    secret = visit.control.door.open(who, visit.now, by=by)
    response = visit.go(next_page)
    visit.control.cookie.give(response, secret)
    return response


def _form(visit: Visit, *, next_page: str, refused: ApiError | None = None) -> Response:
    return visit.page(
        "sign-in.html",
        status=refused.status if refused else 200,
        next=next_page,
        refused=refused.message if refused else "",
        people=bool(visit.control.people.all()),
    )
