"""Destinations: where notices go, with a test of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts, destinations
from service.api.documents import Document, rfc3339
from service.api.people_schema import DestinationIn, DestinationList, DestinationMade
from service.api.responses import errors

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.model.notification import Destination

SECOND = 1_000_000
ORIGIN = "api"


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/destinations`` and what is below it."""
    _add_making(app, control)

    @app.delete("/api/v1/destinations/{name}", status_code=204, responses=errors(404, 409, 422), tags=["destinations"])
    def remove_destination(name: Annotated[str, Path(max_length=64)], request: Request) -> Response:
        """Tell it nothing more; what is on its way to it is dropped."""
        destinations.remove(control, acts.identity(request), name, origin=ORIGIN)
        return Response(status_code=204)

    @app.post(
        "/api/v1/destinations/{name}/test", status_code=204, responses=errors(404, 409, 422), tags=["destinations"]
    )
    def test_destination(name: Annotated[str, Path(max_length=64)], request: Request) -> Response:
        """Send it a test message now; 409 with the reason where it was not taken."""
        destinations.test(control, acts.identity(request), name, origin=ORIGIN)
        return Response(status_code=204)


def _add_making(app: FastAPI, control: Control) -> None:
    @app.get("/api/v1/destinations", response_model=DestinationList, responses=errors(422), tags=["destinations"])
    def list_destinations() -> Document:
        """Every destination that is told; of its URL only scheme and host."""
        return {"items": [destination_document(found) for found in destinations.live(control)]}

    @app.post(
        "/api/v1/destinations",
        response_model=DestinationMade,
        status_code=201,
        responses=errors(409, 413, 415, 422),
        tags=["destinations"],
    )
    def make_destination(body: DestinationIn, request: Request) -> Document:
        """Tell another destination. The secret that a webhook is signed with is in this answer and nowhere else."""
        made, secret = destinations.make(
            control, acts.identity(request), body.name, body.channel, body.url, wait=round(body.wait * SECOND),
            severity=body.severity, origin=ORIGIN,
        )  # fmt: skip
        return destination_document(made) | {"secret": secret or None}


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
