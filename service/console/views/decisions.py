"""Decisions: what the gateways do with whom, taking one back, and proposals that wait for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api import deciding
from service.api.access import DECIDES
from service.console.views.decide import SCOPES
from service.console.views.offer import made_here, offered
from service.console.visit import ROOT, inside
from service.model.proposal import ProposalState

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

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
    proposals = [one for one in visit.control.registers.proposals.all() if one.state is ProposalState.OPEN]
    return visit.page(
        "decisions.html",
        decisions=chosen[:LIMIT],
        following=chosen[LIMIT - 1].id if len(chosen) > LIMIT else "",
        every=every,
        may={one.id: visit.may(DECIDES[one.kind]) for one in (*chosen[:LIMIT], *(p.decision for p in proposals))},
        proposals=proposals,
        done=visit.asked("done"),
        made=made_here(visit, newest),
        scopes=SCOPES,
        **offered(visit),
    )


def remove(visit: Visit) -> Response:
    """Take a decision back; it is over within a second."""
    deciding.remove(visit.control, visit.identity, visit.part("id")[:128], origin="console")
    back = inside(visit.field("back"))
    return visit.go(back if back != ROOT else f"{ROOT}/decisions", done="removed")


def approve(visit: Visit) -> Response:
    """Approve a proposal as the second person; its decision acts at once."""
    deciding.approve(visit.control, visit.identity, visit.part("id")[:128], origin="console")
    return visit.go(f"{ROOT}/decisions", done="approved")


def refuse(visit: Visit) -> Response:
    """Refuse a proposal, or withdraw one's own."""
    after = deciding.refuse(visit.control, visit.identity, visit.part("id")[:128], origin="console")
    return visit.go(f"{ROOT}/decisions", done=str(after.state))
