"""Declared jobs: announced, previewed and taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts, declaring
from service.api.documents import Document, rfc3339
from service.api.parameters import ending
from service.api.responses import errors
from service.api.review_schema import DeclarationIn, DeclarationList, DeclarationOut, PreviewOut
from service.api.routes.suppressions import LOOKED, preview_document
from service.review.jobs import declaration
from service.review.suppressions import job_counter, job_preview

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.model.declaration import Declaration
    from service.ports import Hit


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/declarations`` and what is below it."""
    registers = control.registers

    @app.get("/api/v1/declarations", response_model=DeclarationList, responses=errors(422), tags=["suppressions"])
    def list_declarations() -> Document:
        """Every declared job, newest first, also those that are over."""
        hits, now = registers.hits.all("declared:"), control.clock()
        found = registers.declarations.all()
        return {"items": [declaration_document(made, hits.get(job_counter(made.account)), now) for made in found]}

    @app.post(
        "/api/v1/declarations",
        response_model=DeclarationOut,
        status_code=201,
        responses=errors(409, 413, 415, 422),
        tags=["suppressions"],
    )
    def declare_job(body: DeclarationIn, request: Request) -> Document:
        """Declare a job, in the place of the account's earlier one: what it covers asks nobody to look."""
        now = control.clock()
        made = declaring.declare(registers, _made(control, body, now), partial(acts.by_token, request, now))
        return declaration_document(made, registers.hits.all("declared:").get(job_counter(made.account)), now)

    @app.post(
        "/api/v1/declarations/preview",
        response_model=PreviewOut,
        responses=errors(413, 415, 422),
        tags=["suppressions"],
    )
    def preview_declaration(body: DeclarationIn) -> Document:
        """What it would have eased, had it begun 30 days ago; nothing is stored."""
        now = control.clock()
        return preview_document(job_preview(_made(control, body, now), control.records, now - LOOKED))

    @app.delete(
        "/api/v1/declarations/{account:path}", status_code=204, responses=errors(404, 409, 422), tags=["suppressions"]
    )
    def withdraw_declaration(account: Annotated[str, Path(max_length=512)], request: Request) -> Response:
        """Take the account's declaration back; it stays in the list."""
        now = control.clock()
        declaring.take_back(registers, account, now, partial(acts.by_token, request, now))
        return Response(status_code=204)


def _made(control: Control, body: DeclarationIn, now: int) -> Declaration:
    until = ending(body.until, now)
    return declaration(
        control.records, account=body.account, job=body.job, until=until, budget=body.budget, owner=body.owner,
        reason=body.reason, now=now,
    )  # fmt: skip


def declaration_document(made: Declaration, hit: Hit | None, now: int) -> Document:
    """A declared job as JSON."""
    over = made.until <= now
    return {
        "account": made.account,
        "job": str(made.job),
        "owner": made.owner,
        "reason": made.reason,
        "since": rfc3339(made.since),
        "until": rfc3339(made.until),
        "budget": made.budget,
        "state": "withdrawn" if made.removed is not None else "over" if over else "in force",
        "hits": hit.count if hit else 0,
        "last_hit": rfc3339(hit.last) if hit else None,
    }
