"""Precision: what the verdicts say of the detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.documents import Document
from service.api.responses import errors
from service.api.review_schema import PrecisionList
from service.review.labels import labelled
from service.review.precision import precision

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.review.precision import Precision


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/precision``."""

    @app.get("/api/v1/precision", response_model=PrecisionList, responses=errors(422), tags=["detectors"])
    def read_precision() -> Document:
        """Precision of each detector by the reviewers' verdicts, with exact 95 % intervals."""
        labels = labelled(control.alerts, control.records)
        return {"items": [precision_document(row) for row in precision(labels)], "alerts": len(labels)}


def precision_document(row: Precision) -> Document:
    """A detector's precision as JSON."""
    interval = row.interval
    return {
        "detector": row.detector,
        "precision": interval.estimate if interval.n else None,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
        "verdicts": row.verdicts,
    }
