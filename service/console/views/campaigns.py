"""Campaigns: accounts that act as one, why each link between them is believed, and corrections by hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from service.api import campaigning
from service.api.errors import NotFound, Unprocessable
from service.api.routes.campaigns import CHANGES
from service.console.graph import SIZE, graph
from service.console.visit import link
from service.model.entity import Entity, Scope
from service.review import campaigns as rules
from service.review.alerts import alert_id

if TYPE_CHECKING:
    from typing import Any

    from starlette.responses import Response

    from service.console.visit import Visit

LIMIT = 200
SHOWN = 200
"""Members listed."""
MOST = 500
"""Accounts corrected at once."""


def listing(visit: Visit) -> Response:
    """All that are known, seen last first; those of one account where one is named."""
    account = visit.asked("account")[:512]
    found = [c for c in campaigning.campaigns(visit.control) if not account or account in c.members]
    return visit.page("campaigns.html", campaigns=found[:LIMIT], account=account)


def show(visit: Visit) -> Response:
    """One campaign."""
    whole = campaigning.detail(visit.control, campaigning.campaign(visit.control, visit.part("id")[:128]))
    found = whole.campaign
    return visit.page(
        "campaign.html",
        campaign=found,
        members=whole.members[:SHOWN],
        models=whole.models,
        decisions=whole.decisions[:SHOWN],
        drawn=graph(found.members, found.links),
        size=SIZE,
        alert=visit.control.alerts.alert(alert_id(Entity(Scope.CAMPAIGN, found.id))),
        done=visit.asked("done"),
    )


def correct(visit: Visit) -> Response:
    """Take members out, let them in again, split some off, or merge it into another."""
    campaign, verb, reason = visit.part("id")[:128], visit.part("verb"), visit.field("reason")[:512]
    if not reason:
        raise Unprocessable("a correction needs a reason, which goes into the audit log")
    subject = f"campaign:{campaign}"
    if verb == "merge":
        into = campaigning.campaign(visit.control, visit.field("into")[:128])
        act = visit.act("campaign.merged", subject, into=into.id, reason=reason)
        after = campaigning.correct(
            visit.control, campaign, lambda found, held: rules.merged(found, into, held, visit.now), act
        )
        return visit.go(link("campaigns", after.id), done="merged")
    if verb not in CHANGES:
        raise NotFound("There is no such page.")
    accounts = sorted(set(visit.form.get("account", [])))[:MOST]
    if not accounts:
        raise Unprocessable("select the accounts first")
    done, made, _ = CHANGES[verb]
    act = visit.act(f"campaign.{done}", subject, accounts=str(len(accounts)), first=accounts[0], reason=reason)
    campaigning.correct(visit.control, campaign, partial(_members, made, accounts, visit.now), act)
    return visit.go(link("campaigns", campaign), done=done)


def _members(made: Any, accounts: list[str], now: int, found: Any, held: Any) -> Any:
    return made(found, accounts, held, now)
