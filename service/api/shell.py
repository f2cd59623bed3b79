"""The shell around the application: what holds for every request, also for those that no route takes.

A request id, the headers of a careful server, and a refusal of what is wrong
with the address itself: not UTF-8, NUL, a token in the query string, or a
Host that is not ours (DNS rebinding: a web page that lets its own name point
to loopback, and so reaches a port that was thought to be local).
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_to_bytes

import structlog
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders

from service.api.errors import ApiError, BadRequest, error_document
from service.metrics import CONTROL

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

SECRET_PARAMETERS = {"access_token", "api_key", "apikey", "auth", "authorization", "bearer", "key", "token"}
TOKEN_SHAPE = re.compile(r"rvn_[0-9a-f]|^\s*bearer\s", re.IGNORECASE)
FAILED = "an error of revenuer itself; its log has it under this request_id"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Shell:
    """ASGI middleware.

    Parameters
    ----------
    address
        ``host:port`` that the control plane is bound to; on loopback the Host header must name it.

    """

    def __init__(self, app: ASGIApp, *, address: str) -> None:
        self._app = app
        self._hosts = loopback_hosts(address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["revenuer.request_id"] = secrets.token_hex(8)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, receive, send_with_headers)
        except ApiError as error:
            document = error_document(error.code, error.message, error.param, request_id)
            await JSONResponse(document, error.status)(scope, receive, send_with_headers)
        except Exception:
            log.exception("control.failed", method=scope["method"], request_id=request_id)
            if status:  # The answer has begun; breaking off is all that is left.
                raise
            document = error_document("internal_error", FAILED, None, request_id)
            await JSONResponse(document, 500)(scope, receive, send_with_headers)
        CONTROL.labels(str(status)).inc()
        log.debug("control.request", method=scope["method"], status=status, request_id=request_id)

    def _check(self, scope: Scope) -> None:
        if self._hosts:
            _check_host([value for name, value in scope["headers"] if name == b"host"], self._hosts)
        path = scope.get("raw_path") or scope["path"].encode()
        for part, text in (("path", path), ("query", scope["query_string"])):
            _check_text(part, unquote_to_bytes(text))
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name.lower() in SECRET_PARAMETERS or TOKEN_SHAPE.search(value):
                message = "tokens belong into the Authorization header; this one may be in logs now, so revoke it"
                raise BadRequest(message, code="token_in_url")


def loopback_hosts(address: str) -> frozenset[str]:
    """Names by which a control plane on loopback may be called; empty where it is not on loopback."""
    host = address.rpartition(":")[0].strip("[]").lower()
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return frozenset({"localhost", "127.0.0.1", "::1", host}) if loopback else frozenset()


def _check_host(values: list[bytes], known: frozenset[str]) -> None:
    host = values[0].decode("latin-1").lower() if len(values) == 1 else ""
    name = re.sub(r":\d*$", "", host).strip("[]")
    if name not in known:
        raise BadRequest("the Host header names another server than this one", code="invalid_host", param="Host")


def _check_text(part: str, text: bytes) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"{part}: not UTF-8", code="invalid_utf8", param=part) from None
    if b"\0" in text:
        raise BadRequest(f"{part}: with NUL", code="invalid_text", param=part)
