"""Ingest: how far the way from the gateways to the log is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.documents import Document, ingest_document
from service.api.responses import errors
from service.api.schema import IngestOut

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/ingest``."""

    @app.get("/api/v1/ingest", response_model=IngestOut, responses=errors(422), tags=["ingest"])
    def read_ingest() -> Document:
        """Every partition with its owner, epoch and lag; records not logged, and repeats skipped."""
        return ingest_document(control.ingest.partitions(), control.records.counts())
