"""Deciding: how a decision comes about, for the API and the pages alike. Who may make which is in ``access``.

A block acts once a second person has approved it. Where nobody else may approve, an admin makes it alone, shortly
after their password was asked for.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.api.access import ANALYST_THROTTLE, DECIDES, Role
from service.api.acts import decision_detail
from service.api.credentials import need, need_fresh
from service.api.errors import Conflict, NotFound, Overtaken
from service.enforcement.approval import NotSettled, approved, needs_second, refused
from service.model.audit import Act
from service.model.decision import Decision, Kind
from service.model.proposal import Proposal
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.api.control import Control
    from service.api.identity import Identity

log = structlog.get_logger()


class Outcome(enum.Enum):
    """What became of it."""

    MADE = "made"
    """Stored, and with the gateways within a second."""
    UNPUBLISHED = "unpublished"
    """Stored, and with the gateways as soon as the stream answers."""
    PROPOSED = "proposed"
    """It acts once a second person has approved it."""


def make(control: Control, identity: Identity, decision: Decision, *, origin: str = "api") -> Outcome:
    """Make the decision, or propose it.

    Parameters
    ----------
    origin
        By which way, for the audit log: ``api`` or ``console``.

    Raises
    ------
    Forbidden
        The role is not enough, or the password must be asked for again.

    """
    _check_role(identity, decision)
    if needs_second(decision):
        if control.people.approvers(identity.person) or not identity.role.covers(Role.ADMIN):
            return _propose(control, identity, decision, origin)
        need_fresh(control, identity, "a block without a second person")
    act = _act(identity, decision, "decision.made", decision.created, origin)
    return _published("decision.made", decision, identity, lambda: control.decisions.add(decision, act))


def remove(control: Control, identity: Identity, decision_id: str, *, origin: str = "api") -> Outcome:
    """Take a decision back, at once.

    Raises
    ------
    NotFound
        There is none of that id.
    Forbidden
        The role is not enough.

    """
    found = next((decision for decision in control.decisions.all() if decision.id == decision_id), None)
    if found is None:
        raise NotFound("no decision of that id", param="id")
    need(identity, DECIDES[found.kind], f"removing a decision to {found.kind}")
    act = _act(identity, found, "decision.removed", control.clock(), origin)
    return _published("decision.removed", found, identity, lambda: control.decisions.remove(decision_id, act))


def approve(control: Control, identity: Identity, proposal_id: str, *, origin: str = "api") -> Outcome:
    """Approve a proposal, whose decision then acts.

    Raises
    ------
    NotFound, Conflict
        There is none, or it cannot be approved by this person, or no longer.

    """
    now = control.clock()
    found = _proposal(control, proposal_id)
    need(identity, DECIDES[found.decision.kind], "approving it")
    need_fresh(control, identity, "approving a block")
    try:
        settled = approved(found, identity.person, now)
    except NotSettled as error:
        raise Conflict(str(error), code="not_allowed") from None
    act = _act(identity, found.decision, "proposal.approved", now, origin, by=found.by)

    def add() -> None:
        if not control.decisions.add(found.decision, act, settles=settled):
            raise Overtaken

    return _published("proposal.approved", found.decision, identity, add)


def refuse(control: Control, identity: Identity, proposal_id: str, *, origin: str = "api") -> Proposal:
    """Refuse a proposal; whoever made it withdraws it by that.

    Raises
    ------
    NotFound, Conflict
        There is none, or it is settled already.
    Forbidden
        Neither one's own nor one's to decide.

    """
    now = control.clock()
    found = _proposal(control, proposal_id)
    if found.by != identity.person:
        need(identity, DECIDES[found.decision.kind], "refusing it")
    try:
        settled = refused(found, identity.person, now)
    except NotSettled as error:
        raise Conflict(str(error), code="not_allowed") from None
    act = _act(identity, found.decision, f"proposal.{settled.state}", now, origin, by=found.by)
    if not control.registers.proposals.put(settled, act):
        raise Overtaken
    return settled


def _proposal(control: Control, proposal_id: str) -> Proposal:
    found = control.registers.proposals.find(proposal_id)
    if found is None:
        raise NotFound("no proposal of that id", param="id")
    return found


def _propose(control: Control, identity: Identity, decision: Decision, origin: str) -> Outcome:
    proposal = Proposal(id=decision.id, decision=decision, by=identity.person, created=decision.created)
    control.registers.proposals.put(proposal, _act(identity, decision, "decision.proposed", decision.created, origin))
    _log("decision.proposed", decision, identity, published=False)
    text = f"{identity.person} proposes a block of {decision.entity}; another admin approves or refuses it"
    control.notices.tell("decision.proposed", str(decision.entity), text)
    return Outcome.PROPOSED


def _check_role(identity: Identity, decision: Decision) -> None:
    if not needs_second(decision):
        need(identity, DECIDES[decision.kind], f"a decision to {decision.kind}")
    if decision.kind is Kind.THROTTLE and (
        decision.until is None or decision.until - max(decision.created, decision.since) > ANALYST_THROTTLE
    ):
        need(identity, Role.ADMIN, "a throttle of more than 24 hours")


def _act(identity: Identity, decision: Decision, action: str, at: int, origin: str, **more: str) -> Act:
    detail = decision_detail(decision) | more
    return Act(at=at, actor=identity.name, origin=origin, action=action, subject=str(decision.entity), detail=detail)


def _published(event: str, decision: Decision, identity: Identity, change: Callable[[], object]) -> Outcome:
    """Make the change; one that cannot be stored raises StoreUnavailable."""
    try:
        change()
        outcome = Outcome.MADE
    except StreamUnavailable as error:
        # Stored is stored. Whoever tends the decisions publishes it when the stream answers.
        metrics.DECISIONS_UNPUBLISHED.set(1)
        log.warning("decision.unpublished", reason=str(error))
        outcome = Outcome.UNPUBLISHED
    _log(event, decision, identity, published=outcome is Outcome.MADE)
    return outcome


def _log(event: str, decision: Decision, identity: Identity, *, published: bool) -> None:
    log.info(
        event,
        id=decision.id,
        entity=str(decision.entity),
        kind=str(decision.kind),
        until=decision.until,
        simulated=decision.simulated,
        published=published,
        by=identity.name,
    )
