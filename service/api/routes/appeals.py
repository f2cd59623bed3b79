"""Appeals: filed by an analyst for a customer, decided by a second reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts, deciding
from service.api.access import DECIDES
from service.api.credentials import need
from service.api.documents import Document, entity_document, rfc3339
from service.api.errors import Conflict, NotFound
from service.api.responses import errors
from service.api.review_schema import AppealDecide, AppealIn, AppealList, AppealOut
from service.model.appeal import Appeal, AppealState
from service.model.ids import event_id, text_id
from service.review.appeals import NotDecided, decided, withdrawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from service.api.control import Control
    from service.api.identity import Identity
    from service.model.decision import Decision

MADE = frozenset({"decision.made", "decision.proposed", "proposal.approved"})
"""Acts by which somebody stands for a decision."""
PAGE = 1_000


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/appeals`` and what is below it."""
    _add_filing(app, control)
    _add_deciding(app, control)


def _add_filing(app: FastAPI, control: Control) -> None:
    register = control.registers.appeals

    @app.get("/api/v1/appeals", response_model=AppealList, responses=errors(422), tags=["appeals"])
    def list_appeals(*, state: AppealState | None = None) -> Document:
        """Appeals, newest first."""
        return {"items": [appeal_document(a) for a in register.all() if state is None or a.state is state]}

    @app.get("/api/v1/appeals/{id}", response_model=AppealOut, responses=errors(404, 422), tags=["appeals"])
    def read_appeal(appeal_id: Annotated[str, Path(alias="id", max_length=128)]) -> Document:
        """One appeal."""
        return appeal_document(_appeal(control, appeal_id))

    @app.post(
        "/api/v1/appeals",
        response_model=AppealOut,
        status_code=201,
        responses=errors(404, 409, 413, 415, 422),
        tags=["appeals"],
    )
    def file_appeal(body: AppealIn, request: Request, response: Response) -> Document:
        """File what a customer says against a decision. Somebody who had no part in either decides it."""
        against = _decision(control, body.decision)
        if against is None:
            raise NotFound("no decision of that id", param="decision")
        if any(a.decision == against.id and a.state is AppealState.FILED for a in register.all()):
            raise Conflict("an appeal against this decision is filed already")
        now = control.clock()
        identity: Identity = request.scope["revenuer.identity"]
        appeal = Appeal(
            id=text_id(event_id(now)), entity=against.entity, decision=against.id, statement=body.statement,
            filed_by=identity.person, decided_before=_deciders(control, against.id), created=now,
        )  # fmt: skip
        detail = {"id": appeal.id, "decision": against.id}
        register.put(appeal, acts.by_token(request, now, "appeal.filed", str(appeal.entity), **detail))
        control.notices.tell("appeal.filed", str(appeal.entity), f"an appeal of {appeal.entity} waits for its reviewer")
        response.headers["Location"] = f"/api/v1/appeals/{appeal.id}"
        return appeal_document(appeal)


def _add_deciding(app: FastAPI, control: Control) -> None:
    def settle(request: Request, found: Appeal, change: Callable[[], Appeal]) -> Document:
        try:
            after = change()
        except NotDecided as error:
            raise Conflict(str(error), code="not_allowed") from None
        detail = {"id": found.id, "decision": found.decision, "answer": after.answer}
        act = acts.by_token(request, control.clock(), f"appeal.{after.state}", str(found.entity), **detail)
        if not control.registers.appeals.put(after, act):
            raise Conflict("it was changed by somebody else meanwhile; read it again", code="stale")
        return appeal_document(after)

    @app.post(
        "/api/v1/appeals/{id}/decide",
        response_model=AppealOut,
        responses=errors(404, 409, 413, 415, 422),
        tags=["appeals"],
    )
    def decide_appeal(
        appeal_id: Annotated[str, Path(alias="id", max_length=128)], body: AppealDecide, request: Request
    ) -> Document:
        """Decide it, as a second reviewer; `granted` takes the decision back at once."""
        found = _appeal(control, appeal_id)
        identity: Identity = request.scope["revenuer.identity"]
        against, state = _decision(control, found.decision), AppealState(body.outcome)
        if against is not None:
            need(identity, DECIDES[against.kind], f"an appeal against a decision to {against.kind}")
        answer = settle(
            request, found, lambda: decided(found, state, by=identity.person, answer=body.answer, now=control.clock())
        )
        if state is AppealState.GRANTED and against is not None:
            deciding.remove(control, identity, against.id)
        return answer

    @app.post(
        "/api/v1/appeals/{id}/withdraw", response_model=AppealOut, responses=errors(404, 409, 422), tags=["appeals"]
    )
    def withdraw_appeal(appeal_id: Annotated[str, Path(alias="id", max_length=128)], request: Request) -> Document:
        """Take it back, because the customer does."""
        found = _appeal(control, appeal_id)
        return settle(request, found, lambda: withdrawn(found, acts.person(request), control.clock()))


def _appeal(control: Control, appeal_id: str) -> Appeal:
    found = control.registers.appeals.find(appeal_id)
    if found is None:
        raise NotFound("no appeal of that id", param="id")
    return found


def _decision(control: Control, decision_id: str) -> Decision | None:
    return next((decision for decision in control.decisions.all() if decision.id == decision_id), None)


def _deciders(control: Control, decision_id: str) -> tuple[str, ...]:
    """Everybody who stands for the decision, as the audit log and the proposals have it."""
    proposal = control.registers.proposals.find(decision_id)
    found = {proposal.by, proposal.settled_by} if proposal else set()
    after: int | None = None
    while entries := control.audit.entries(after, PAGE):
        for entry in entries:
            if entry.act.action in MADE and entry.act.detail.get("id") == decision_id:
                return tuple(sorted({*found, _person(control, entry.act.actor)} - {""}))
        after = entries[-1].number
    return tuple(sorted(found - {""}))


def _person(control: Control, actor: str) -> str:
    token = control.tokens.find(actor.removeprefix("token:")) if actor.startswith("token:") else None
    return token.owner or actor if token else actor


def appeal_document(appeal: Appeal) -> Document:
    """An appeal as JSON."""
    return {
        "id": appeal.id,
        "entity": entity_document(appeal.entity),
        "decision": appeal.decision,
        "statement": appeal.statement,
        "filed_by": appeal.filed_by,
        "created": rfc3339(appeal.created),
        "state": str(appeal.state),
        "decided_by": appeal.decided_by or None,
        "decided": None if appeal.decided is None else rfc3339(appeal.decided),
        "answer": appeal.answer,
    }
