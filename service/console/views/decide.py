"""Deciding: what a reviewer does to an alert, and what the gateways do with its entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog

from service.api.access import ANALYST_THROTTLE, DECIDES, Role
from service.api.deciding import make
from service.api.errors import Conflict, Forbidden, NotFound, Unprocessable
from service.console.views.alert import find
from service.console.views.queue import DONE, changes
from service.console.visit import link
from service.model.alert import Note, Verdict
from service.model.decision import Decision, Kind, Origin
from service.model.ids import event_id, text_id
from service.review import alerts as rules
from service.review.desk import Stale

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.api.identity import Identity
    from service.console.visit import Visit
    from service.model.alert import Alert

log = structlog.get_logger()

HOUR = 3600 * 1_000_000
LASTS = {"1h": HOUR, "1d": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR}
"""Choice -> microseconds; any other holds until it is removed."""
LONGEST = 4_000
"""Characters of a note or a reason."""


def change(visit: Visit) -> Response:
    """Claim, release, wait, open again, or write a note."""
    alert, verb, text = find(visit), visit.part("verb"), visit.field("text")[:LONGEST]
    if verb == "notes":
        _note(visit, alert, text)
        return visit.go(link("alerts", alert.id), done="noted")
    if verb not in changes(None):
        raise NotFound("There is no such page.")
    _change(visit, alert, verb, verdict=None, text=text)
    return visit.go(link("alerts", alert.id), done=DONE[verb])


def decide(visit: Visit) -> Response:
    """A decision, a verdict, or both, with one text that goes to each."""
    alert, text = find(visit), visit.field("text")[:LONGEST]
    kind = Kind(visit.field("kind")) if visit.field("kind") in list(Kind) else None
    verdict = Verdict(visit.field("verdict")) if visit.field("verdict") in list(Verdict) else None
    if kind is None and verdict is None:
        raise Unprocessable("choose what the gateways do, or a verdict that closes the alert, or both")
    if kind is not None and not text:
        raise Unprocessable("a decision needs a reason: whoever undoes it must be able to understand it")
    decision = None if kind is None else _made(visit, alert, kind, text)
    if verdict is not None:
        # First, because somebody else's claim refuses it; then nothing has been decided either.
        _change(visit, alert, "close", verdict=verdict, text=text)
    if decision is not None:
        # Asked for above: whoever may decide is somebody.
        make(visit.control, cast("Identity", visit.visitor), decision, origin="console")
    return visit.go(
        link("alerts", alert.id), done="closed" if verdict else "decided", made=decision.id if decision else ""
    )


def _made(visit: Visit, alert: Alert, kind: Kind, reason: str) -> Decision:
    """The decision, as far as whoever asks may make it."""
    life = LASTS.get(visit.field("lasts"))
    long = kind is Kind.THROTTLE and (life is None or life > ANALYST_THROTTLE)
    simulated = visit.field("simulated") == "yes"
    # Whoever may decide at all may propose a block, which another person approves.
    needs = Role.ADMIN if long else Role.ANALYST if kind is Kind.BLOCK and not simulated else DECIDES[kind]
    if not visit.may(needs):
        what = "A throttle of more than 24 hours" if long else f"A decision to {kind}"
        raise Forbidden(f"{what} needs the role '{needs}'.")
    return Decision(
        id=text_id(event_id(visit.now)),
        entity=alert.entity,
        kind=kind,
        until=None if life is None else visit.now + life,
        origin=Origin.REVIEWER,
        reason=reason,
        simulated=simulated,
        created=visit.now,
    )


def _change(visit: Visit, alert: Alert, verb: str, *, verdict: Verdict | None, text: str) -> None:
    seen = visit.field("version")
    if seen and seen != str(alert.version):
        raise _stale()
    made = changes(verdict)[verb]
    act = visit.act(f"alert.{DONE[verb]}", str(alert.entity), alert=alert.id, text=text)
    try:
        visit.console.desk.change(alert, lambda found: made(found, visit.actor, visit.now), act=act, text=text)
    except rules.NotAllowed as refused:
        raise Conflict(f"Not done: {refused}.", code="not_allowed") from None
    except Stale:
        raise _stale() from None


def _note(visit: Visit, alert: Alert, text: str) -> None:
    if not text:
        raise Unprocessable("write the note first")
    note = Note(text_id(event_id(visit.now)), alert.id, visit.now, visit.actor, "note", text)
    visit.control.alerts.write(note, visit.act("alert.noted", str(alert.entity), alert=alert.id))


def _stale() -> Conflict:
    return Conflict("Somebody changed this alert since you opened it. Open it again, and decide on what it says now.")
