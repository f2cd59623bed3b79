"""Ingest: how far the way from the gateways to the log is, and what is missing on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit


def show(visit: Visit) -> Response:
    """Every partition and the counts of what came and what did not."""
    counts = visit.control.records.logged()
    total = counts["events"] + counts["not_logged"]
    return visit.page(
        "ingest.html",
        partitions=visit.control.ingest.partitions(),
        counts=counts,
        complete=counts["events"] / total if total else None,
    )
