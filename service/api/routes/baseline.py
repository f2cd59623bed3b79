"""The baseline that the installation learnt: which accounts set its threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.documents import Document, rfc3339
from service.api.responses import errors
from service.api.review_schema import HighestOut
from service.review.highest import highest

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.review.highest import Row


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/baseline/highest``."""

    @app.get("/api/v1/baseline/highest", response_model=HighestOut, responses=errors(422), tags=["detectors"])
    def read_highest() -> Document:
        """The accounts with the highest scores of what was learnt from, and what is decided about each now."""
        found = highest(control.baselines, control.decisions)
        if found is None:
            return {"version": None, "learnt": None, "items": []}
        return {
            "version": found.version,
            "learnt": rfc3339(found.learnt),
            "items": [_document(row) for row in found.rows],
        }


def _document(row: Row) -> Document:
    return {
        "account": row.day.account,
        "at": rfc3339(row.day.at),
        "queries": row.day.queries,
        "score": row.day.score,
        "standing": str(row.standing),
    }
