"""The control plane about itself: who asks, is it alive, is it ready, what does it count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from service.api import acts
from service.api.documents import Document, rfc3339
from service.api.page import CSP, render
from service.api.responses import errors
from service.api.schema import Ready, WhoAmI
from service.exposition import page

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/whoami``, ``/healthz``, ``/readyz``, ``/metrics``, ``/openapi.json`` and ``/docs``."""

    @app.get("/api/v1/whoami", response_model=WhoAmI, responses=errors(422), tags=["system"])
    def whoami(request: Request) -> Document:
        """Who asks: the token's id or the user's name, role and end; a session's CSRF token, too."""
        identity = acts.identity(request)
        expires = None if identity.expires is None else rfc3339(identity.expires)
        return {
            "token": identity.token,
            "user": identity.user,
            "role": str(identity.role),
            "expires": expires,
            "csrf": identity.csrf or None,
        }

    @app.get(
        "/healthz", response_class=PlainTextResponse, responses=errors(422, token=False, plain=True), tags=["system"]
    )
    def healthz() -> str:
        """`ok` while the process lives."""
        return "ok"

    @app.get("/readyz", response_model=Ready, responses=errors(401, 422, token=False), tags=["system"])
    def readyz(request: Request) -> Response:
        """200 when the store answers and its schema is right, else 503; a viewer's token shows the detail."""
        problem = control.records.ready()
        document: Document = {"status": "ready" if problem is None else "unavailable"}
        if request.scope["revenuer.identity"] is not None:
            document |= {"detail": problem, "counts": None if problem else dict(control.records.counts())}
        headers = {} if problem is None else {"Retry-After": "5"}
        return JSONResponse(document, 200 if problem is None else 503, headers)

    @app.get("/metrics", response_class=PlainTextResponse, responses=errors(422, plain=True), tags=["system"])
    def metrics() -> Response:
        """Metrics of all processes, in the text format of Prometheus."""
        return Response(page(control.settings.data / "metrics"), media_type=CONTENT_TYPE_LATEST)

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> Document:
        """The OpenAPI file."""
        return app.openapi()

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """The same for people."""
        return HTMLResponse(render(app.openapi()), headers={"Content-Security-Policy": CSP})
