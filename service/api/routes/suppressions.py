"""Suppressions: made, previewed and lifted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts, suppressing
from service.api.documents import Document, entity_document, rfc3339
from service.api.parameters import ending
from service.api.responses import errors
from service.api.review_schema import PreviewOut, SuppressionIn, SuppressionList, SuppressionOut
from service.model.entity import Entity
from service.model.ids import event_id, text_id
from service.model.suppression import Suppression
from service.review.suppressions import counter, preview

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.ports import Hit
    from service.review.suppressions import Preview

DAY = 24 * 3600 * 1_000_000
LOOKED = 30 * DAY
"""Microseconds that a preview looks back."""


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/suppressions`` and what is below it."""
    registers = control.registers

    @app.get("/api/v1/suppressions", response_model=SuppressionList, responses=errors(422), tags=["suppressions"])
    def list_suppressions() -> Document:
        """Every suppression, newest first, also those that are over."""
        hits, now = registers.hits.all("suppression:"), control.clock()
        return {
            "items": [
                suppression_document(found, hits.get(counter(found.id)), now) for found in registers.suppressions.all()
            ]
        }

    @app.post(
        "/api/v1/suppressions/preview",
        response_model=PreviewOut,
        responses=errors(413, 415, 422),
        tags=["suppressions"],
    )
    def preview_suppression(body: SuppressionIn) -> Document:
        """What it would have hidden of the last 30 days' flags; nothing is stored."""
        now = control.clock()
        return preview_document(preview(suppression(body, now), control.records, now - LOOKED))

    @app.post(
        "/api/v1/suppressions",
        response_model=SuppressionOut,
        status_code=201,
        responses=errors(413, 415, 422),
        tags=["suppressions"],
    )
    def make_suppression(body: SuppressionIn, request: Request) -> Document:
        """Hide an entity's flags from the queue and from the policy, until its end. The flags are kept."""
        made = suppression(body, control.clock())
        suppressing.suppress(registers, made, partial(acts.by_token, request, made.created))
        return suppression_document(made, None, made.created)

    @app.delete("/api/v1/suppressions/{id}", status_code=204, responses=errors(404, 409, 422), tags=["suppressions"])
    def lift_suppression(
        suppression_id: Annotated[str, Path(alias="id", max_length=128)], request: Request
    ) -> Response:
        """End it before its time; it stays in the list."""
        now = control.clock()
        suppressing.lift(registers, suppression_id, now, partial(acts.by_token, request, now))
        return Response(status_code=204)


def suppression(body: SuppressionIn, now: int) -> Suppression:
    """What was asked for.

    Raises
    ------
    Unprocessable
        Its end is past, or more than a year ahead.

    """
    return Suppression(
        id=text_id(event_id(now)),
        entity=Entity(body.scope, body.value),
        owner=body.owner,
        reason=body.reason,
        created=now,
        until=ending(body.until, now),
        severity=body.severity,
        signal=body.signal,
    )


def preview_document(found: Preview) -> Document:
    """What would have been hidden, as JSON."""
    return {
        "flags": found.flags,
        "looked_at": found.looked_at,
        "severities": dict(found.severities),
        "examples": list(found.examples),
    }


def suppression_document(found: Suppression, hit: Hit | None, now: int) -> Document:
    """A suppression as JSON."""
    return {
        "id": found.id,
        "entity": entity_document(found.entity),
        "owner": found.owner,
        "reason": found.reason,
        "created": rfc3339(found.created),
        "until": rfc3339(found.until),
        "severity": str(found.severity),
        "signal": found.signal,
        "lifted": None if found.lifted is None else rfc3339(found.lifted),
        "state": "lifted" if found.lifted is not None else "in force" if found.holds(now) else "over",
        "hits": hit.count if hit else 0,
        "last_hit": rfc3339(hit.last) if hit else None,
    }
