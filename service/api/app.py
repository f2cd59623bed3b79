"""The control plane as one FastAPI application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from service.access.door import Door
from service.access.people import People
from service.access.tries import Tries
from service.api import errors
from service.api.access import ACCESS, Access, Anyone, Role
from service.api.control import Control, clock
from service.api.cookies import Cookie
from service.api.cursors import Cursors
from service.api.routes import accounts, flags, system
from service.api.routes import alerts as alerts_routes
from service.api.routes import appeals as appeals_routes
from service.api.routes import audit as audit_routes
from service.api.routes import baseline as baseline_routes
from service.api.routes import campaigns as campaigns_routes
from service.api.routes import decisions as decisions_routes
from service.api.routes import declarations as declarations_routes
from service.api.routes import destinations as destinations_routes
from service.api.routes import ingest as ingest_routes
from service.api.routes import oidc as oidc_routes
from service.api.routes import precision as precision_routes
from service.api.routes import session as session_routes
from service.api.routes import suppressions as suppressions_routes
from service.api.routes import tokens as tokens_routes
from service.api.routes import users as users_routes
from service.api.routes import views as views_routes
from service.api.shell import Shell
from service.api.strict import route_class
from service.notify.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.model.flag import Flag
    from service.notify.notices import Notices
    from service.ports import Alerts, Audit, Decisions, Ingest, LearntBaselines, Records, Registers, Tokens
    from service.secrets import Secrets
    from service.settings import Settings

PEOPLE = (session_routes, oidc_routes, users_routes, tokens_routes, destinations_routes)
REVIEW = (suppressions_routes, declarations_routes, views_routes, appeals_routes, precision_routes, baseline_routes)
DESCRIPTION = (
    "Flags, accounts, decisions and progress of revenuer. Send a token as 'Authorization: Bearer rvn_...'; "
    "'revenuer token create' makes one. Listings are newest first and paged by cursor; times are RFC 3339 in UTC."
)


class ControlPlane(FastAPI):
    """The application, whose OpenAPI document also says what only the access table knows: token and role."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            for (method, route), access in ACCESS.items():
                operation = document["paths"].get(route.replace(":path", ""), {}).get(method.lower())
                if operation is not None:
                    _describe(operation, access)
        return super().openapi()


def build(
    settings: Settings,
    *,
    records: Records,
    decisions: Decisions,
    tokens: Tokens,
    alerts: Alerts,
    audit: Audit,
    ingest: Ingest,
    registers: Registers,
    baselines: LearntBaselines,
    secrets: Secrets,
    notices: Notices,
    pack: Callable[[Flag, str, int], bytes],
) -> FastAPI:
    """The application for these ports."""
    people = People(registers, secrets.token_key)
    control = Control(
        settings=settings,
        records=records,
        decisions=decisions,
        tokens=tokens,
        alerts=alerts,
        audit=audit,
        ingest=ingest,
        registers=registers,
        baselines=baselines,
        people=people,
        door=Door(registers, people, key=secrets.token_key, times=settings.access, tries=Tries()),
        cookie=Cookie(settings),
        notices=notices,
        delivery=Delivery(notices, registers.outbox, clock=clock, private=settings.notify.private),
        pack=pack,
        token_key=secrets.token_key,
        cursors=Cursors(secrets.token_key),
    )
    # The framework's own documentation page loads scripts from another server; ours is in ``page``.
    app = ControlPlane(
        title="revenuer",
        version=_version(),
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.route_class = route_class(control)
    app.state.control = control
    for noun in (
        flags,
        alerts_routes,
        campaigns_routes,
        accounts,
        decisions_routes,
        audit_routes,
        ingest_routes,
        *REVIEW,
        *PEOPLE,
        system,
    ):
        noun.add(app, control)
    errors.install(app)
    app.add_middleware(Shell, address=settings.control)
    return app


def _describe(operation: dict[str, Any], access: Access) -> None:
    if isinstance(access, Role):
        operation["security"] = [{"token": []}]
        operation["description"] += f" Needs the role {access}."
    elif access is Anyone.OPTIONAL:
        operation["security"] = [{"token": []}, {}]


def _version() -> str:
    try:
        return version("revenuer")
    except PackageNotFoundError:
        return "0"
