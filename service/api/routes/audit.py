"""The audit log: who did what, and whether the log is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request

from service.api import acts
from service.api.access import Role
from service.api.documents import Document, entry_document
from service.api.parameters import Cursor, Limit
from service.api.responses import errors
from service.api.schema import AuditPage, AuditVerification

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/audit`` and ``/api/v1/audit/verification``."""

    @app.get("/api/v1/audit", response_model=AuditPage, responses=errors(422), tags=["audit"])
    def list_audit(request: Request, *, cursor: Cursor = None, limit: Limit = 50) -> Document:
        """Entries, newest first: all of them for an admin, an analyst's own for an analyst."""
        identity = acts.identity(request)
        actor = None if identity.role.covers(Role.ADMIN) else acts.actor(request)
        filters = {"actor": actor}
        after = control.cursors.open(cursor, "audit", filters)
        items = control.audit.entries(None if after is None else int(after), limit, actor=actor)
        following = str(items[-1].number) if len(items) == limit and items[-1].number > 1 else None
        return {
            "items": [entry_document(entry) for entry in items],
            "next": control.cursors.seal(following, "audit", filters),
        }

    @app.get("/api/v1/audit/verification", response_model=AuditVerification, responses=errors(422), tags=["audit"])
    def verify_audit() -> Document:
        """Every entry checked against the one before it and against the witness."""
        head = control.audit.head()
        faults = control.audit.verify()
        return {
            "sound": not faults,
            "entries": head.number if head else 0,
            "faults": [{"number": fault.number, "what": fault.what} for fault in faults],
        }
