"""The door: signing in and out, and how the pages look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.console.visit import ROOT

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

log = structlog.get_logger()

THEMES = ("dark", "light")
YEAR = 365 * 86_400


def show(visit: Visit) -> Response:
    """The form."""
    if visit.visitor is not None:
        return visit.go(_inside(visit.asked("next")))
    return visit.page("sign-in.html", next=_inside(visit.asked("next")), refused=False)


def enter(visit: Visit) -> Response:
    """Sign in with a token."""
    secret = visit.console.sessions.enter(visit.field("secret"))
    if secret is None:
        log.info("console.refused")
        return visit.page("sign-in.html", status=401, next=_inside(visit.field("next")), refused=True)
    response = visit.go(_inside(visit.field("next")))
    secure = visit.request.url.scheme == "https"
    response.set_cookie(
        visit.console.sessions.cookie, secret, path="/", secure=secure, httponly=True, samesite="strict"
    )
    return response


def leave(visit: Visit) -> Response:
    """Sign out."""
    visit.console.sessions.leave(visit.request)
    response = visit.go(f"{ROOT}/sign-in")
    response.delete_cookie(visit.console.sessions.cookie, path="/")
    return response


def theme(visit: Visit) -> Response:
    """Keep in a cookie whether pages are dark or light; anything else follows the system again."""
    response = visit.go(_inside(visit.field("next")))
    chosen = visit.field("theme")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, path=ROOT, samesite="strict", httponly=True)
    else:
        response.delete_cookie("theme", path=ROOT)
    return response


def _inside(path: str) -> str:
    """The address where it is one of the console's own, else the first page: a link must not lead elsewhere."""
    own = path == ROOT or path.startswith((f"{ROOT}/", f"{ROOT}?"))
    return path if own and "\\" not in path and path.isprintable() else ROOT
