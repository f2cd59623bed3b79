"""Destinations: where notices go, with a test of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts
from service.api.documents import Document, rfc3339
from service.api.errors import Conflict, NotFound, Unprocessable
from service.api.people_schema import DestinationIn, DestinationList, DestinationMade
from service.api.responses import errors
from service.notify.reach import NotReached

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.model.notification import Destination

SECOND = 1_000_000


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/destinations`` and what is below it."""
    _add_making(app, control)
    register = control.notices.register

    @app.delete("/api/v1/destinations/{name}", status_code=204, responses=errors(404, 409, 422), tags=["destinations"])
    def remove_destination(name: Annotated[str, Path(max_length=64)], request: Request) -> Response:
        """Tell it nothing more; what is on its way to it is dropped."""
        found, now = _destination(control, name), control.clock()
        act = acts.by_token(request, now, "destination.removed", f"destination:{name}")
        if not register.put(replace(found, removed=now, sealed="", version=found.version + 1), act):
            raise Conflict("it was changed by somebody else meanwhile; read it again", code="stale")
        return Response(status_code=204)

    @app.post(
        "/api/v1/destinations/{name}/test", status_code=204, responses=errors(404, 409, 422), tags=["destinations"]
    )
    def test_destination(name: Annotated[str, Path(max_length=64)], request: Request) -> Response:
        """Send it a test message now; 409 with the reason where it was not taken."""
        found = _destination(control, name)
        control.audit.append(acts.by_token(request, control.clock(), "destination.tested", f"destination:{name}"))
        try:
            control.delivery.send(found, [control.notices.test(found)])
        except NotReached as error:
            raise Conflict(str(error), code="not_delivered") from None
        return Response(status_code=204)


def _add_making(app: FastAPI, control: Control) -> None:
    register = control.notices.register

    @app.get("/api/v1/destinations", response_model=DestinationList, responses=errors(422), tags=["destinations"])
    def list_destinations() -> Document:
        """Every destination that is told; of its URL only scheme and host."""
        return {"items": [destination_document(d) for d in register.all() if d.removed is None]}

    @app.post(
        "/api/v1/destinations",
        response_model=DestinationMade,
        status_code=201,
        responses=errors(409, 413, 415, 422),
        tags=["destinations"],
    )
    def make_destination(body: DestinationIn, request: Request) -> Document:
        """Tell another destination. The secret that a webhook is signed with is in this answer and nowhere else."""
        wait = round(body.wait * SECOND)
        try:
            made, secret = control.notices.destination(
                body.name, body.channel, body.url, wait=wait, severity=body.severity
            )
        except NotReached as error:
            raise Unprocessable(str(error), param="url") from None
        found = register.find(body.name)
        if found is not None and found.removed is not None:
            made = replace(made, version=found.version + 1)
        act = acts.by_token(request, made.created, "destination.made", f"destination:{body.name}", shown=made.shown)
        if not register.put(made, act):
            raise Conflict("there is a destination of that name already")
        return destination_document(made) | {"secret": secret or None}


def _destination(control: Control, name: str) -> Destination:
    found = control.notices.register.find(name)
    if found is None or found.removed is not None:
        raise NotFound("no destination of that name", param="name")
    return found


def destination_document(found: Destination) -> Document:
    """A destination as JSON."""
    return {
        "name": found.id,
        "channel": str(found.channel),
        "shown": found.shown,
        "created": rfc3339(found.created),
        "wait": found.wait / SECOND,
        "severity": str(found.severity),
    }
