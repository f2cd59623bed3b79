"""Appeals: what customers say against decisions, filed for them here and decided by a second reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api import appealing
from service.api.access import DECIDES, Role
from service.api.errors import NotFound, Unprocessable
from service.console.visit import ROOT
from service.model.appeal import AppealState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from service.console.visit import Visit
    from service.model.appeal import Appeal
    from service.model.decision import Decision

LONGEST = 8_000
"""Characters of a statement or an answer, as the API has it."""
LISTED = 100
"""Decided appeals, and decisions to choose from, that are shown."""
OUTCOMES = {"granted": AppealState.GRANTED, "denied": AppealState.DENIED}


def show(visit: Visit) -> Response:
    """Those that wait for their reviewer, the form for another, and those that are decided."""
    made = {decision.id: decision for decision in visit.control.decisions.all()}
    every = visit.control.registers.appeals.all()
    waiting = [appeal for appeal in every if appeal.state is AppealState.FILED]
    appealed = {appeal.decision for appeal in waiting}
    newest = sorted(made.values(), key=lambda decision: decision.id, reverse=True)
    return visit.page(
        "appeals.html",
        waiting=waiting,
        decided=[appeal for appeal in every if appeal.state is not AppealState.FILED][:LISTED],
        decisions=made,
        may={appeal.id: _may(visit, appeal, made) for appeal in waiting},
        open=[decision for decision in newest if decision.id not in appealed and _holds(decision, visit.now)][:LISTED],
        chosen=visit.asked("decision")[:128],
        done=visit.asked("done"),
    )


def file(visit: Visit) -> Response:
    """File one for a customer."""
    decision, statement = visit.field("decision")[:128], visit.field("statement")[:LONGEST]
    if not decision or not statement:
        raise Unprocessable("choose the decision, and write what the customer says against it")
    appealing.file(visit.control, visit.identity, decision, statement, origin="console")
    return visit.go(f"{ROOT}/appeals", done="filed")


def settle(visit: Visit) -> Response:
    """Grant, deny or withdraw it."""
    name, verb = visit.part("id")[:128], visit.part("verb")
    if verb == "withdraw":
        appealing.withdraw(visit.control, visit.identity, name, origin="console")
        return visit.go(f"{ROOT}/appeals", done="withdrawn")
    if verb != "decide":
        raise NotFound("There is no such page.")
    outcome, answer = OUTCOMES.get(visit.field("outcome")), visit.field("answer")[:LONGEST]
    if outcome is None or not answer:
        raise Unprocessable("grant or deny it, with the answer that the customer is told")
    after = appealing.decide(visit.control, visit.identity, name, outcome, answer, origin="console")
    return visit.go(f"{ROOT}/appeals", done=str(after.state))


def _may(visit: Visit, appeal: Appeal, made: Mapping[str, Decision]) -> bool:
    """Whether whoever looks is one who may decide it."""
    against = made.get(appeal.decision)
    person = visit.identity.person
    part = person == appeal.filed_by or person in appeal.decided_before
    return not part and visit.may(Role.ANALYST if against is None else DECIDES[against.kind])


def _holds(decision: Decision, now: int) -> bool:
    return decision.until is None or decision.until > now
