"""Detectors: what looks at the traffic, in which mode, how often it fires, how often it is right, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors
from service.review.highest import SHOWN, highest

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit


def show(visit: Visit) -> Response:
    """All of them."""
    signals = {detector.name: detector.signals for detector in all_detectors()}
    about = {detector.name: (type(detector).__doc__ or "").strip().splitlines()[0] for detector in all_detectors()}
    setting = highest(visit.control.baselines, visit.control.decisions)
    rows, alerts = visit.console.precision()
    return visit.page(
        "detectors.html",
        standings=visit.console.standings(),
        signals=signals,
        about=about,
        precision={row.detector: row for row in rows},
        every=rows[0],
        alerts=alerts,
        setting=setting,
        days=setting.rows[:SHOWN] if setting else (),
        shown=SHOWN,
    )
