"""The control plane as one FastAPI application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from service.api import errors
from service.api.access import ACCESS, Anyone, Role
from service.api.control import Control
from service.api.cursors import Cursors
from service.api.routes import accounts, flags, system
from service.api.routes import decisions as decisions_routes
from service.api.shell import Shell
from service.api.strict import route_class

if TYPE_CHECKING:
    from service.ports import Decisions, Records, Tokens
    from service.secrets import Secrets
    from service.settings import Settings

DESCRIPTION = (
    "Flags, accounts and decisions of revenuer. Send a token as 'Authorization: Bearer rvn_...'; "
    "'revenuer token create' makes one. Listings are newest first and paged by cursor; times are RFC 3339 in UTC."
)


def build(settings: Settings, *, records: Records, decisions: Decisions, tokens: Tokens, secrets: Secrets) -> FastAPI:
    """The application for these ports."""
    control = Control(
        settings=settings,
        records=records,
        decisions=decisions,
        tokens=tokens,
        token_key=secrets.token_key,
        cursors=Cursors(secrets.token_key),
    )
    # The framework's own documentation page loads scripts from another server; ours is in ``page``.
    app = FastAPI(
        title="revenuer",
        version=_version(),
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.route_class = route_class(control)
    for noun in (flags, accounts, decisions_routes, system):
        noun.add(app, control)
    errors.install(app)
    app.add_middleware(Shell, address=settings.control)
    app.openapi_schema = _openapi(app)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The framework's OpenAPI document with what only the access table knows: the token and the role."""
    document = app.openapi()
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for (method, route), access in ACCESS.items():
        operation = document["paths"].get(route.replace(":path", ""), {}).get(method.lower())
        if operation is None or access is Anyone.OPEN:
            continue
        operation["security"] = [{"token": []}] if isinstance(access, Role) else [{"token": []}, {}]
        if isinstance(access, Role):
            operation["description"] = f"{operation.get('description', '')} Needs the role {access}."
    return document


def _version() -> str:
    try:
        return version("revenuer")
    except PackageNotFoundError:
        return "0"
