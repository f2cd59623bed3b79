"""Appeals: filed by an analyst for a customer, decided by a second reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts, appealing
from service.api.documents import Document, entity_document, rfc3339
from service.api.responses import errors
from service.api.review_schema import AppealDecide, AppealIn, AppealList, AppealOut
from service.model.appeal import Appeal, AppealState

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control

ORIGIN = "api"


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
        return appeal_document(appealing.find(control, appeal_id))

    @app.post(
        "/api/v1/appeals",
        response_model=AppealOut,
        status_code=201,
        responses=errors(404, 409, 413, 415, 422),
        tags=["appeals"],
    )
    def file_appeal(body: AppealIn, request: Request, response: Response) -> Document:
        """File what a customer says against a decision. Somebody who had no part in either decides it."""
        appeal = appealing.file(control, acts.identity(request), body.decision, body.statement, origin=ORIGIN)
        response.headers["Location"] = f"/api/v1/appeals/{appeal.id}"
        return appeal_document(appeal)


def _add_deciding(app: FastAPI, control: Control) -> None:
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
        state = AppealState(body.outcome)
        return appeal_document(
            appealing.decide(control, acts.identity(request), appeal_id, state, body.answer, origin=ORIGIN)
        )

    @app.post(
        "/api/v1/appeals/{id}/withdraw", response_model=AppealOut, responses=errors(404, 409, 422), tags=["appeals"]
    )
    def withdraw_appeal(appeal_id: Annotated[str, Path(alias="id", max_length=128)], request: Request) -> Document:
        """Take it back, because the customer does."""
        return appeal_document(appealing.withdraw(control, acts.identity(request), appeal_id, origin=ORIGIN))


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
