"""Gate: what stands before every page. Who asks, whether they may, and whether a form was made here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import structlog
from starlette.concurrency import run_in_threadpool

from service.api.access import Anyone
from service.api.credentials import authorise, session
from service.api.errors import ApiError, BadRequest, TooLarge, Unauthorized, UnsupportedMediaType
from service.console.visit import ROOT, Visit, inside
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response

    from service.api.access import Access
    from service.api.identity import Identity
    from service.console.visit import Console

    View = Callable[[Visit], Response]

log = structlog.get_logger()

LARGEST_FORM = 64 * 1024
MOST_FIELDS = 600
PROOF = "This weighs so much that it needs your password once more, or the token that you signed in with."


def gated(console: Console, view: View, needs: Access) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """The page behind the gate."""

    async def handle(request: Request) -> Response:
        visit = Visit(console=console, request=request, visitor=None, form={}, now=console.control.clock())
        try:
            form = await _form(request) if request.method == "POST" else {}
            visit = replace(visit, form=form, visitor=await run_in_threadpool(_visitor, visit, needs, form))
            return await run_in_threadpool(view, visit)
        except Unauthorized:
            return _sign_in(visit)
        except ApiError as error:
            # Where the password is asked for, the page that the form was on is where to go on afterwards.
            proof = _page_of_the_form(request) if error.code == "proof_needed" else ""
            message = PROOF if proof else error.message
            return visit.page("error.html", status=error.status, title=_title(error), message=message, proof=proof)
        except StoreUnavailable as error:
            log.warning("console.store_unavailable", path=request.url.path, reason=str(error))
            message = "The store cannot answer now. Nothing was changed; try again in a moment."
            return visit.page("error.html", status=503, title="Not available", message=message, proof="")

    return handle


def _visitor(visit: Visit, needs: Access, form: Mapping[str, list[str]]) -> Identity | None:
    """Who asks, as the API would have it; a page that is open to anybody is told as well who it is."""
    if needs is not Anyone.OPEN:
        return authorise(visit.control, needs, visit.request, form_csrf=form.get("csrf", [""])[0])
    if visit.request.method == "POST":
        visit.control.cookie.check_origin(visit.request)
    return session(visit.control, visit.request)


def _sign_in(visit: Visit) -> Response:
    """To the door, and back here afterwards; a form that was sent is not sent again."""
    here = visit.request.url
    back = f"{here.path}?{here.query}" if here.query else here.path
    return visit.go(f"{ROOT}/sign-in", **({"next": back} if visit.request.method == "GET" else {}))


def _page_of_the_form(request: Request) -> str:
    """Where the browser came from, as far as it is a page of ours."""
    return inside(urlsplit(request.headers.get("referer", "")).path)


def _title(error: ApiError) -> str:
    return {403: "Not allowed", 404: "Not found", 409: "Changed in between"}.get(error.status, "Cannot be done")


async def _form(request: Request) -> dict[str, list[str]]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise TooLarge(f"form: more than {LARGEST_FORM} bytes")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if body and kind != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("send a form as 'Content-Type: application/x-www-form-urlencoded'")
    try:
        form = parse_qs(body.decode("ascii"), errors="strict", max_num_fields=MOST_FIELDS, keep_blank_values=True)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("form: not as a browser writes it") from None
    if any("\0" in value for values in form.values() for value in values):
        raise BadRequest("form: text with NUL")
    return form
