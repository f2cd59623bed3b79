"""Strict: how every request to a handler is taken apart first.

In this order: may the caller come in, does it take JSON, are the query
parameters known and given once, is the body JSON and nothing odd. Only then
does the framework see it; its own reading of a body comes before its
dependencies, and nobody without a token should learn how a body is read.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from service.api.access import ACCESS, FRESH
from service.api.credentials import authorise, need_fresh
from service.api.errors import NotAcceptable, TooLarge, Unprocessable, UnsupportedMediaType
from service.api.strictjson import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.responses import Response

    from service.api.access import Access
    from service.api.control import Control

    Handler = Callable[[Request], Coroutine[Any, Any, Response]]

LARGEST_BODY = 64 * 1024
JSON_RANGES = {"*/*", "application/*", "application/json"}


class _Read(Request):
    """A request whose body was read already."""

    document: Any = None

    async def json(self) -> Any:
        return self.document


class StrictRoute(APIRoute):
    """A route that is in the access table, and whose requests are checked as this module says."""

    control: Control

    @cached_property
    def access(self) -> Access:
        """Who may use it; a KeyError where the table does not say."""
        (method,) = self.methods or {"GET"}
        return ACCESS[method, self.path]

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()
        takes = JSON_RANGES | set(self.responses.get(200, {}).get("content", {}))
        known = {parameter.alias for parameter in self.dependant.query_params}
        control, access = self.control, self.access
        fresh = any((method, self.path) in FRESH for method in self.methods or ())

        async def handle(request: Request) -> Response:
            identity = await run_in_threadpool(authorise, control, access, request)
            request.scope["revenuer.identity"] = identity
            if fresh and identity is not None:
                need_fresh(control, identity)
            if self.path.startswith("/api/"):
                _check_accept(request, takes)
            _check_parameters(request, known)
            if self.body_field is None:
                return await inner(request)
            read = _Read(request.scope, request.receive)
            read.document = loads(await _body(read))
            return await inner(read)

        return handle


def route_class(control: Control) -> type[StrictRoute]:
    """The route class of one application."""
    return type("Route", (StrictRoute,), {"control": control})


def _check_accept(request: Request, takes: set[str]) -> None:
    ranges = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")]
    if not takes.intersection(ranges):
        raise NotAcceptable(f"the answer is {max(takes - JSON_RANGES, default='application/json')}")


def _check_parameters(request: Request, known: set[str]) -> None:
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        shown = name[:64]
        if name not in known:
            there = f"known here: {', '.join(sorted(known))}" if known else "none is known here"
            raise Unprocessable(f"unknown query parameter; {there}", code="unknown_parameter", param=shown)
        if given.count(name) > 1:
            raise Unprocessable(f"{shown}: given more than once", param=shown)


async def _body(request: Request) -> bytes:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("send the body without Content-Encoding")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("send the body as 'Content-Type: application/json'")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"body: more than {LARGEST_BODY} bytes")
    # The framework asks for the body again, to see whether there is one.
    request._body = bytes(body)  # noqa: SLF001
    return request._body  # noqa: SLF001
