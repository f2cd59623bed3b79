"""Flags: what the machine said, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path, Query, Request, Response

from service.api import acts, packing
from service.api.documents import Document, flag_document
from service.api.errors import NotFound
from service.api.parameters import Cursor, Limit, Since, Until, Value, microseconds
from service.api.responses import errors
from service.api.review_schema import EvidenceIn
from service.api.schema import FlagOut, FlagPage
from service.model.entity import Scope
from service.model.flag import Severity
from service.ports import FlagFilter

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.model.flag import Flag

BINARY = {"schema": {"type": "string", "format": "binary"}}
ARCHIVE: dict[int | str, dict[str, Any]] = {200: {"description": "The archive.", "content": {packing.ZIP: BINARY}}}


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/flags`` and what is below it."""

    @app.get("/api/v1/flags", response_model=FlagPage, responses=errors(422), tags=["flags"])
    def list_flags(
        *,
        scope: Scope | None = None,
        entity: Value = None,
        severity: Annotated[Severity | None, Query(description="at least this")] = None,
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Document:
        """Flags, newest first."""
        where = FlagFilter(scope, entity, severity, microseconds(since, "since"), microseconds(until, "until"))
        filters = {name: getattr(where, name) for name in FlagFilter.__slots__}
        page = control.records.flags(where, control.cursors.open(cursor, "flags", filters), limit)
        return {
            "items": [flag_document(flag) for flag in page.items],
            "next": control.cursors.seal(page.next, "flags", filters),
        }

    @app.get("/api/v1/flags/{id}", response_model=FlagOut, responses=errors(404, 422), tags=["flags"])
    def read_flag(flag_id: Annotated[str, Path(alias="id", max_length=128)]) -> Document:
        """One flag."""
        return flag_document(_flag(control, flag_id))

    @app.post(
        "/api/v1/flags/{id}/evidence",
        response_class=Response,
        responses=errors(404, 413, 415, 422, plain=True) | ARCHIVE,
        tags=["flags"],
    )
    def pack_evidence(
        flag_id: Annotated[str, Path(alias="id", max_length=128)], body: EvidenceIn, request: Request
    ) -> Response:
        """All that a flag rests on as one archive, with its latest 1,000 queries: for an appeal or a case."""
        flag, by = _flag(control, flag_id), acts.identity(request)
        return packing.packed(control, by, flag, content=body.content or "", reason=body.reason.strip(), origin="api")


def _flag(control: Control, flag_id: str) -> Flag:
    flag = control.records.flag(flag_id)
    if flag is None:
        raise NotFound("no flag of that id", param="id")
    return flag
