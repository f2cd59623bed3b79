"""Every refusal of the control plane: one base class with its status, one shape, one handler."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

log = structlog.get_logger()


class ApiError(Exception):
    """A request that gets no answer but this: status, code, message and the parameter it is about."""

    status: ClassVar[int] = 400
    code: str = "bad_request"

    def __init__(self, message: str, *, code: str = "", param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.param = param

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to the status."""
        return {}


class BadRequest(ApiError):
    """The request cannot be read."""


class Unauthorized(ApiError):
    """No token, or none that opens anything. Unknown, revoked and expired are not told apart."""

    status = 401

    @property
    def headers(self) -> dict[str, str]:
        error = "" if self.code == "missing_token" else f', error="{self.code}"'
        return {"WWW-Authenticate": f'Bearer realm="revenuer"{error}'}


class Forbidden(ApiError):
    """The token is good and its role is not enough."""

    status = 403
    code = "insufficient_scope"


class NotFound(ApiError):
    """Nothing of that id."""

    status = 404
    code = "not_found"


class NotAcceptable(ApiError):
    """The client takes no JSON."""

    status = 406
    code = "not_acceptable"


class Conflict(ApiError):
    """What it is about is not as the request takes it to be."""

    status = 409
    code = "conflict"


class Overtaken(Conflict):
    """Somebody else was first; read it again."""

    code = "stale"

    def __init__(self, message: str = "it was changed by somebody else meanwhile; read it again") -> None:
        super().__init__(message)


class TooLarge(ApiError):
    """The body is over the limit."""

    status = 413
    code = "body_too_large"


class TooManyTries(ApiError):
    """Too many attempts to sign in have failed."""

    status = 429
    code = "too_many_tries"

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(message)
        self.wait = wait

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait)}


class UnsupportedMediaType(ApiError):
    """The body is not JSON by its Content-Type."""

    status = 415
    code = "unsupported_media_type"


class Unprocessable(ApiError):
    """The request can be read and asks for what cannot be."""

    status = 422
    code = "invalid_parameter"


def error_document(code: str, message: str, param: str | None, request_id: str) -> dict[str, Any]:
    """The one shape of an error."""
    return {"error": {"code": code, "message": message, "param": param, "request_id": request_id}}


def install(app: FastAPI) -> None:
    """Make every refusal of ``app`` come out in the one shape; what nobody expected is the shell's to answer."""
    app.exception_handler(ApiError)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(StoreUnavailable)(_unavailable)


def response(request: Request, status: int, code: str, message: str, param: str | None = None) -> JSONResponse:
    """An error response with the request's id."""
    return JSONResponse(error_document(code, message, param, request.scope.get("revenuer.request_id", "")), status)


def _refused(request: Request, error: ApiError) -> Response:
    answer = response(request, error.status, error.code, error.message, error.param)
    answer.headers.update(error.headers)
    return answer


def _invalid(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    param = _param(first["loc"])
    code = {"extra_forbidden": "unknown_field", "missing": "missing_parameter"}.get(first["type"], "invalid_parameter")
    message = "unknown field" if code == "unknown_field" else first["msg"]
    return response(request, 422, code, f"{param}: {message}", param)


def _param(location: Sequence[str | int]) -> str:
    """``filter.kind`` for ``("body", "filter", "kind")``."""
    return ".".join(str(part)[:64] for part in location[1:]) or str(location[0])


def _http(request: Request, error: HTTPException) -> Response:
    phrase = HTTPStatus(error.status_code).phrase
    if error.status_code == 405:
        allowed = ", ".join(sorted(_methods(request)))
        answer = response(request, 405, "method_not_allowed", f"allowed here: {allowed}")
        answer.headers["Allow"] = allowed
        return answer
    if error.status_code == 404:
        return response(request, 404, "not_found", "no such address; the API is described at /docs")
    return response(request, error.status_code, phrase.lower().replace(" ", "_"), phrase)


def _methods(request: Request) -> set[str]:
    """Methods of all routes of the path; the router itself names only those of the first."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    matching = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in matching for method in route.methods or ()}


def _unavailable(request: Request, error: StoreUnavailable) -> Response:
    log.warning("control.store_unavailable", path=request.url.path, reason=str(error))
    message = "the store cannot answer now; try again"
    answer = response(request, 503, "store_unavailable", message)
    answer.headers["Retry-After"] = "5"
    return answer
