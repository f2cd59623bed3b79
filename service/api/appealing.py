"""Appealing: how an appeal is filed and decided, for the API and the pages alike."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from service.api import deciding
from service.api.access import DECIDES
from service.api.credentials import need
from service.api.errors import Conflict, NotFound, Overtaken
from service.model.appeal import AppealState
from service.model.audit import Act
from service.review.appeals import Appeals, NotDecided, decided, withdrawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.api.control import Control
    from service.api.identity import Identity
    from service.model.appeal import Appeal


def appeals(control: Control) -> Appeals:
    """Those of this installation."""
    return Appeals(control.registers, control.decisions, control.audit, control.tokens)


def find(control: Control, appeal_id: str) -> Appeal:
    """The appeal of that id.

    Raises
    ------
    NotFound
        There is none.

    """
    found = control.registers.appeals.find(appeal_id)
    if found is None:
        raise NotFound("no appeal of that id", param="id")
    return found


def file(control: Control, identity: Identity, decision_id: str, statement: str, *, origin: str) -> Appeal:
    """File what a customer says against a decision. Somebody who had no part in either decides it.

    Raises
    ------
    NotFound, Conflict
        There is no such decision, or an appeal against it is filed already.

    """
    held, now = appeals(control), control.clock()
    against = held.against(decision_id)
    if against is None:
        raise NotFound("no decision of that id", param="decision")
    act = partial(_act, identity, now, origin)
    made = _done(lambda: held.file(against, statement, by=identity.person, now=now, act=act))
    control.notices.tell("appeal.filed", str(made.entity), f"an appeal of {made.entity} waits for its reviewer")
    return made


def decide(
    control: Control, identity: Identity, appeal_id: str, state: AppealState, answer: str, *, origin: str
) -> Appeal:
    """Decide it, as a second reviewer; granted, its decision is taken back at once.

    Raises
    ------
    NotFound, Conflict, Forbidden
        There is none; this person had a part in it, or it is decided; the role may not undo such a decision.

    """
    held, found, now = appeals(control), find(control, appeal_id), control.clock()
    against = held.against(found.decision)
    if against is not None:
        need(identity, DECIDES[against.kind], f"an appeal against a decision to {against.kind}")
    after = _done(lambda: decided(found, state, by=identity.person, answer=answer, now=now))
    _settled(held.settle(found, after, partial(_act, identity, now, origin)))
    if state is AppealState.GRANTED and against is not None:
        deciding.remove(control, identity, against.id, origin=origin)
    return after


def withdraw(control: Control, identity: Identity, appeal_id: str, *, origin: str) -> Appeal:
    """Take it back, because the customer does.

    Raises
    ------
    NotFound, Conflict
        There is none, or it is decided.

    """
    held, found, now = appeals(control), find(control, appeal_id), control.clock()
    after = _done(lambda: withdrawn(found, identity.person, now))
    _settled(held.settle(found, after, partial(_act, identity, now, origin)))
    return after


def _done(change: Callable[[], Appeal]) -> Appeal:
    try:
        return change()
    except NotDecided as error:
        raise Conflict(str(error), code="not_allowed") from None


def _settled(stored: bool) -> None:  # noqa: FBT001 - it is the store's answer
    if not stored:
        raise Overtaken


def _act(identity: Identity, at: int, origin: str, action: str, subject: str, **detail: str) -> Act:
    return Act(at=at, actor=identity.name, origin=origin, action=action, subject=subject, detail=detail)
