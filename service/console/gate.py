"""Gate: what stands before every page. Who asks, whether they may, and whether a form was made here."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import structlog
from starlette.concurrency import run_in_threadpool

from service.api.access import Role
from service.api.errors import ApiError, BadRequest, Forbidden, TooLarge, UnsupportedMediaType
from service.console.visit import ROOT, Visit
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response

    from service.api.access import Access
    from service.console.visit import Console

    View = Callable[[Visit], Response]

log = structlog.get_logger()

LARGEST_FORM = 64 * 1024
MOST_FIELDS = 600


def gated(console: Console, view: View, needs: Access) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """The page behind the gate."""

    async def handle(request: Request) -> Response:
        visitor = await run_in_threadpool(console.sessions.visitor, request)
        visit = Visit(console=console, request=request, visitor=visitor, form={}, now=console.control.clock())
        try:
            if isinstance(needs, Role) and visitor is None:
                return _sign_in(visit)
            if request.method == "POST":
                form = await _form(request)
                _check_made_here(visit, form)
                visit = Visit(console=console, request=request, visitor=visitor, form=form, now=visit.now)
            if isinstance(needs, Role) and not visit.may(needs):
                raise Forbidden(f"this needs the role '{needs}'; yours is '{visitor.role if visitor else 'none'}'")
            return await run_in_threadpool(view, visit)
        except ApiError as error:
            return visit.page("error.html", status=error.status, title=_title(error), message=error.message)
        except StoreUnavailable as error:
            log.warning("console.store_unavailable", path=request.url.path, reason=str(error))
            message = "The store cannot answer now. Nothing was changed; try again in a moment."
            return visit.page("error.html", status=503, title="Not available", message=message)

    return handle


def _sign_in(visit: Visit) -> Response:
    """To the door, and back here afterwards; a form that was sent is not sent again."""
    here = visit.request.url
    back = f"{here.path}?{here.query}" if here.query else here.path
    return visit.go(f"{ROOT}/sign-in", **({"next": back} if visit.request.method == "GET" else {}))


def _title(error: ApiError) -> str:
    return {403: "Not allowed", 404: "Not found", 409: "Changed in between"}.get(error.status, "Cannot be done")


async def _form(request: Request) -> dict[str, list[str]]:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("send a form as 'Content-Type: application/x-www-form-urlencoded'")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise TooLarge(f"form: more than {LARGEST_FORM} bytes")
    try:
        return parse_qs(body.decode("ascii"), errors="strict", max_num_fields=MOST_FIELDS, keep_blank_values=True)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("form: not as a browser writes it") from None


def _check_made_here(visit: Visit, form: dict[str, list[str]]) -> None:
    """Refuse a form that another site made: by where the browser says it comes from, and by the session's secret."""
    origin, host = visit.request.headers.get("origin"), visit.request.headers.get("host", "")
    foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
    cross = visit.request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    held = visit.visitor.csrf if visit.visitor else None
    forged = held is not None and not hmac.compare_digest(form.get("csrf", [""])[0].encode(), held.encode())
    if foreign or cross or forged:
        raise Forbidden("the form is not of this session; open the page again and repeat it", code="csrf")
    if any("\0" in value for values in form.values() for value in values):
        raise BadRequest("form: text with NUL")
