"""Overview: what waits, what was decided, and whether what is seen is all there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.console.timeline import volume
from service.console.views.queue import OPEN, Line
from service.model.alert import Status
from service.ports import AlertFilter, FlagFilter
from service.review.labels import time_to_review

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

MARKED = 50
"""Newest flags that are marked in the traffic."""
MOST = 5
"""Alerts and flags shown; the rest is behind a link."""


def show(visit: Visit) -> Response:
    """The first page."""
    control = visit.control
    page = control.alerts.alerts(AlertFilter(OPEN), None, MOST)
    latest = control.records.latest_flags([alert.entity for alert in page.items])
    decisions = control.decisions.all()
    counts = control.alerts.counts()
    rows, _ = visit.console.precision()
    flags = control.records.flags(FlagFilter(), None, MARKED).items
    return visit.page(
        "overview.html",
        lines=[Line(alert, latest.get(alert.entity)) for alert in page.items],
        counts=counts,
        waiting=sum(counts[status] for status in OPEN),
        closed=counts[Status.CLOSED],
        flags=flags[:MOST],
        traffic=volume(visit.console.traffic(), flags),
        review=time_to_review(control.alerts),
        in_force=[made for made in decisions if made.until is None or made.until > visit.now],
        partitions=control.ingest.partitions(),
        log=control.records.logged(),
        precision=rows[0].interval,
    )
