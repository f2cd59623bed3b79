"""Decisions: what the gateways do with whom, and taking one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.api.access import DECIDES
from service.api.acts import decision_detail
from service.api.errors import Forbidden, NotFound
from service.console.visit import ROOT
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

log = structlog.get_logger()

LIMIT = 100


def show(visit: Visit) -> Response:
    """A page of them, newest first; those in force unless all are asked for."""
    every = visit.asked("show") == "all"
    before = visit.asked("before")
    newest = sorted(visit.control.decisions.all(), key=lambda made: made.id, reverse=True)
    chosen = [
        made
        for made in newest
        if (every or made.until is None or made.until > visit.now) and (not before or made.id < before)
    ]
    return visit.page(
        "decisions.html",
        decisions=chosen[:LIMIT],
        following=chosen[LIMIT - 1].id if len(chosen) > LIMIT else "",
        every=every,
        may={made.id: visit.may(DECIDES[made.kind]) for made in chosen[:LIMIT]},
        removed=visit.asked("done") == "removed",
    )


def remove(visit: Visit) -> Response:
    """Take a decision back; it is over within a second."""
    wanted = visit.part("id")
    found = next((made for made in visit.control.decisions.all() if made.id == wanted), None)
    if found is None:
        raise NotFound("There is no decision of that id: somebody else took it back already.")
    if not visit.may(DECIDES[found.kind]):
        raise Forbidden(f"Removing a decision to {found.kind} needs the role '{DECIDES[found.kind]}'.")
    act = visit.act("decision.removed", str(found.entity), **decision_detail(found))
    try:
        visit.control.decisions.remove(found.id, act)
    except StreamUnavailable as error:
        metrics.DECISIONS_UNPUBLISHED.set(1)
        log.warning("decision.unpublished", reason=str(error))
    back = visit.field("back")
    return visit.go(back if back.startswith(f"{ROOT}/alerts/") else f"{ROOT}/decisions", done="removed")
