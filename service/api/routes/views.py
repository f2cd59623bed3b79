"""Views: named filters of the queue, saved for everybody who reviews here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts, viewing
from service.api.documents import Document, rfc3339
from service.api.responses import errors
from service.api.review_schema import ViewIn, ViewList, ViewOut

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.model.view import SavedView


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/views`` and what is below it."""

    @app.get("/api/v1/views", response_model=ViewList, responses=errors(422), tags=["alerts"])
    def list_views() -> Document:
        """Every saved view of the queue, by name."""
        return {"items": [view_document(found) for found in viewing.views(control)]}

    @app.post(
        "/api/v1/views", response_model=ViewOut, status_code=201, responses=errors(409, 413, 415, 422), tags=["alerts"]
    )
    def save_view(body: ViewIn, request: Request) -> Document:
        """Save what the queue is asked under a name."""
        return view_document(viewing.save(control, acts.identity(request), body.name, body.query, origin="api"))

    @app.delete("/api/v1/views/{name}", status_code=204, responses=errors(404, 409, 422), tags=["alerts"])
    def remove_view(name: Annotated[str, Path(max_length=64)], request: Request) -> Response:
        """Take it away: one's own, or as an admin anybody's."""
        viewing.remove(control, acts.identity(request), name, origin="api")
        return Response(status_code=204)


def view_document(found: SavedView) -> Document:
    """A view as JSON."""
    return {"name": found.id, "query": found.query, "owner": found.owner, "created": rfc3339(found.created)}
