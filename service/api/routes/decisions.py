"""Decisions: what the gateway does with an entity's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts, deciding
from service.api.deciding import Outcome
from service.api.documents import Document, decision_document, proposal_document
from service.api.errors import Unprocessable
from service.api.parameters import Cursor, Limit, microseconds
from service.api.responses import errors
from service.api.schema import DecisionIn, DecisionOut, DecisionPage, ProposalList, ProposalOut
from service.model.decision import Decision, Origin
from service.model.entity import Entity
from service.model.ids import event_id, text_id
from service.model.proposal import ProposalState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

    from service.api.control import Control

LATER = "Stored, and not yet with the gateways"


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/decisions``, ``/api/v1/proposals`` and what is below them."""
    _add_decisions(app, control)
    _add_proposals(app, control)


def _add_decisions(app: FastAPI, control: Control) -> None:
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

        A block is `proposed`: it acts once another admin has approved it. Where there is none, an admin makes it
        alone. 202 says that it is stored and not yet with the gateways: it is published by itself as soon as the
        stream answers, so it must not be made again.
        """
        decision = _decision(body, control.clock())
        outcome = deciding.make(control, acts.identity(request), decision)
        response.status_code = 202 if outcome is Outcome.UNPUBLISHED else 201
        proposed = outcome is Outcome.PROPOSED
        response.headers["Location"] = f"/api/v1/{'proposals' if proposed else 'decisions'}/{decision.id}"
        return decision_document(decision) | {"state": "proposed" if proposed else "made"}

    @app.delete(
        "/api/v1/decisions/{id}",
        status_code=204,
        responses={**errors(404, 422), 202: {"description": LATER}},
        tags=["decisions"],
    )
    def remove_decision(decision_id: Annotated[str, Path(alias="id", max_length=128)], request: Request) -> Response:
        """Remove a decision; 202 where it is removed and gateways obey it until the stream answers again."""
        outcome = deciding.remove(control, acts.identity(request), decision_id)
        return Response(status_code=202 if outcome is Outcome.UNPUBLISHED else 204)


def _add_proposals(app: FastAPI, control: Control) -> None:
    @app.get("/api/v1/proposals", response_model=ProposalList, responses=errors(422), tags=["decisions"])
    def list_proposals(*, state: ProposalState | None = None) -> Document:
        """Decisions that wait for a second person, and those that did, newest first."""
        found = [p for p in control.registers.proposals.all() if state is None or p.state is state]
        return {"items": [proposal_document(proposal) for proposal in found]}

    @app.post(
        "/api/v1/proposals/{id}/approve",
        response_model=DecisionOut,
        responses={**errors(404, 409, 422), 202: {"model": DecisionOut, "description": LATER}},
        tags=["decisions"],
    )
    def approve_proposal(
        proposal_id: Annotated[str, Path(alias="id", max_length=128)], request: Request, response: Response
    ) -> Document:
        """Approve it, as another person than who proposed it; its decision acts from now on."""
        outcome = deciding.approve(control, acts.identity(request), proposal_id)
        response.status_code = 202 if outcome is Outcome.UNPUBLISHED else 200
        return decision_document(next(made for made in control.decisions.all() if made.id == proposal_id))

    @app.post(
        "/api/v1/proposals/{id}/refuse", response_model=ProposalOut, responses=errors(404, 409, 422), tags=["decisions"]
    )
    def refuse_proposal(proposal_id: Annotated[str, Path(alias="id", max_length=128)], request: Request) -> Document:
        """Refuse it; whoever proposed it withdraws it by that."""
        return proposal_document(deciding.refuse(control, acts.identity(request), proposal_id))


def _decision(body: DecisionIn, now: int) -> Decision:
    until, since = microseconds(body.until, "until"), microseconds(body.since, "since")
    if until is not None and until <= max(now, since or 0):
        raise Unprocessable("until: in the past, or before it begins", param="until")
    return Decision(
        id=text_id(event_id(now)),
        entity=Entity(body.scope, body.value),
        kind=body.kind,
        until=until,
        origin=Origin.REVIEWER,
        reason=body.reason,
        simulated=body.simulated,
        created=now,
        since=since or 0,
    )


def _page(decisions: Sequence[Decision], after: str | None, limit: int) -> tuple[list[Decision], str | None]:
    """A page by keyset; ids carry their time, so they are the key."""
    newest = sorted(decisions, key=lambda decision: decision.id, reverse=True)
    rest = [decision for decision in newest if after is None or decision.id < after]
    return rest[:limit], rest[limit - 1].id if len(rest) > limit else None
