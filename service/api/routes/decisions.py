"""Decisions: what the gateway does with an entity's requests. Who may make which is in ``access``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import Path, Request, Response

from service import metrics
from service.api import acts
from service.api.access import ANALYST_THROTTLE, DECIDES, Role
from service.api.credentials import need
from service.api.documents import Document, decision_document
from service.api.errors import NotFound, Unprocessable
from service.api.parameters import Cursor, Limit, microseconds
from service.api.responses import errors
from service.api.schema import DecisionIn, DecisionOut, DecisionPage
from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity
from service.model.ids import event_id, text_id
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import FastAPI

    from service.api.control import Control
    from service.api.identity import Identity

log = structlog.get_logger()

LATER = "Stored, and not yet with the gateways"


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/decisions`` and ``/api/v1/decisions/{id}``."""

    @app.get("/api/v1/decisions", response_model=DecisionPage, responses=errors(422), tags=["decisions"])
    def list_decisions(*, cursor: Cursor = None, limit: Limit = 50) -> Document:
        """Decisions, newest first, also those that are over."""
        after = control.cursors.open(cursor, "decisions", {})
        items, following = _page(control.decisions.all(), after, limit)
        return {
            "items": [decision_document(decision) for decision in items],
            "next": control.cursors.seal(following, "decisions", {}),
        }

    @app.post(
        "/api/v1/decisions",
        response_model=DecisionOut,
        status_code=201,
        responses={**errors(413, 415, 422), 202: {"model": DecisionOut, "description": LATER}},
        tags=["decisions"],
    )
    def make_decision(body: DecisionIn, request: Request, response: Response) -> Document:
        """Make a decision; every gateway follows it within a second.

        202 says that it is stored and not yet with the gateways: it is published by itself as soon as the stream
        answers, so it must not be made again.
        """
        now = control.clock()
        decision = Decision(
            id=text_id(event_id(now)),
            entity=Entity(body.scope, body.value),
            kind=body.kind,
            until=microseconds(body.until, "until"),
            origin=Origin.REVIEWER,
            reason=body.reason,
            simulated=body.simulated,
            created=now,
        )
        _check_role(request.scope["revenuer.identity"], decision)
        if decision.until is not None and decision.until <= now:
            raise Unprocessable("until: in the past", param="until")
        detail = acts.decision_detail(decision)
        act = acts.by_token(request, now, "decision.made", str(decision.entity), **detail)
        published = _published(lambda: control.decisions.add(decision, act))
        response.status_code = 201 if published else 202
        _log("decision.made", decision, request, published=published)
        response.headers["Location"] = f"/api/v1/decisions/{decision.id}"
        return decision_document(decision)

    @app.delete(
        "/api/v1/decisions/{id}",
        status_code=204,
        responses={**errors(404, 422), 202: {"description": LATER}},
        tags=["decisions"],
    )
    def remove_decision(decision_id: Annotated[str, Path(alias="id", max_length=128)], request: Request) -> Response:
        """Remove a decision; 202 where it is removed and gateways obey it until the stream answers again."""
        found = next((decision for decision in control.decisions.all() if decision.id == decision_id), None)
        if found is None:
            raise NotFound("no decision of that id", param="id")
        identity: Identity = request.scope["revenuer.identity"]
        need(identity, DECIDES[found.kind], f"removing a decision to {found.kind}")
        detail = acts.decision_detail(found)
        act = acts.by_token(request, control.clock(), "decision.removed", str(found.entity), **detail)
        published = _published(lambda: control.decisions.remove(decision_id, act))
        _log("decision.removed", found, request, published=published)
        return Response(status_code=204 if published else 202)


def _published(change: Callable[[], object]) -> bool:
    """Make the change; whether the gateways have it, too. One that cannot be stored raises StoreUnavailable."""
    try:
        change()
    except StreamUnavailable as error:
        # Stored is stored. Whoever tends the decisions publishes it when the stream answers.
        metrics.DECISIONS_UNPUBLISHED.set(1)
        log.warning("decision.unpublished", reason=str(error))
        return False
    return True


def _log(event: str, decision: Decision, request: Request, *, published: bool) -> None:
    log.info(
        event,
        id=decision.id,
        entity=str(decision.entity),
        kind=str(decision.kind),
        until=decision.until,
        simulated=decision.simulated,
        published=published,
        by=acts.actor(request),
    )


def _check_role(identity: Identity, decision: Decision) -> None:
    need(identity, DECIDES[decision.kind], f"a decision to {decision.kind}")
    if decision.kind is Kind.THROTTLE and (
        decision.until is None or decision.until - decision.created > ANALYST_THROTTLE
    ):
        need(identity, Role.ADMIN, "a throttle of more than 24 hours")


def _page(decisions: Sequence[Decision], after: str | None, limit: int) -> tuple[list[Decision], str | None]:
    """A page by keyset; ids carry their time, so they are the key."""
    newest = sorted(decisions, key=lambda decision: decision.id, reverse=True)
    rest = [decision for decision in newest if after is None or decision.id < after]
    return rest[:limit], rest[limit - 1].id if len(rest) > limit else None
