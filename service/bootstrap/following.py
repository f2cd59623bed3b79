"""Lets decisions about campaigns follow their members, for as long as the control plane lives."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from service.api.acts import decision_detail
from service.api.control import clock
from service.bootstrap.tending import keep
from service.enforcement.campaigns import MARK, followed
from service.model.audit import Act
from service.model.entity import Entity, Scope
from service.review import campaigns as rules

if TYPE_CHECKING:
    from service.bootstrap.stores import Stores
    from service.model.decision import Decision

LOOK = 0.5
"""Seconds between looks: guards obey a decision within one."""
MOST = 500
"""Campaigns that are looked through, those flagged last, as everywhere."""


def follow(held: Stores) -> int:
    """Make and remove what the members' decisions lack; how many those were.

    Raises
    ------
    StoreUnavailable
        The store cannot answer now, or the stream does not take it; to be done again.

    """
    decisions = held.decisions.all()
    if not any(made.entity.scope is Scope.CAMPAIGN or MARK in made.id for made in decisions):
        return 0
    corrections = {made.id: made for made in held.registers.corrections.all()}
    # What was decided about a campaign is not widened to all of another one that it is seen to be part of.
    campaigns = rules.shown(held.records.campaigns(MOST), corrections, apart=True)
    members = {found.id: [Entity(Scope.ACCOUNT, account) for account in found.members] for found in campaigns}
    make, remove = followed(decisions, members)
    for made in make:
        held.decisions.add(made, _act("decision.followed", made))
    for made in remove:
        held.decisions.remove(made.id, _act("decision.left", made))
    return len(make) + len(remove)


def keep_following(held: Stores) -> None:
    """Do so again and again, in a thread of its own."""
    keep("campaigns", partial(follow, held), failed="decisions.not_followed", pause=LOOK)


def _act(action: str, made: Decision) -> Act:
    detail = decision_detail(made)
    return Act(at=clock(), actor="system", origin="policy", action=action, subject=str(made.entity), detail=detail)
