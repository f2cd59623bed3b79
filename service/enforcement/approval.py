"""Approval: which decisions need a second person, and who that may be. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.model.decision import Kind
from service.model.proposal import Proposal, ProposalState

if TYPE_CHECKING:
    from service.model.decision import Decision


class NotSettled(Exception):
    """The proposal cannot be settled in that way; the message says why."""


def needs_second(decision: Decision) -> bool:
    """Whether it cuts somebody off: a block that is more than recorded."""
    return decision.kind is Kind.BLOCK and not decision.simulated


def approved(proposal: Proposal, by: str, now: int) -> Proposal:
    """The proposal, approved by somebody else than who made it.

    Raises
    ------
    NotSettled
        It is settled, the same person proposed it, or its time is over.

    """
    if proposal.by == by:
        raise NotSettled("whoever proposed it cannot approve it; ask another admin")
    if proposal.decision.until is not None and proposal.decision.until <= now:
        raise NotSettled("it would be over already; propose it again")
    return _settled(proposal, ProposalState.APPROVED, by, now)


def refused(proposal: Proposal, by: str, now: int) -> Proposal:
    """The proposal, refused; withdrawn where it is by whoever made it."""
    state = ProposalState.WITHDRAWN if proposal.by == by else ProposalState.REFUSED
    return _settled(proposal, state, by, now)


def _settled(proposal: Proposal, state: ProposalState, by: str, now: int) -> Proposal:
    if proposal.state is not ProposalState.OPEN:
        raise NotSettled(f"it is {proposal.state} already")
    return replace(proposal, state=state, settled_by=by, settled=now, version=proposal.version + 1)
