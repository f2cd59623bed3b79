"""Deciding: what a reviewer does to an alert, and what the gateways do with its entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from service.api import deciding
from service.api.deciding import Outcome
from service.api.errors import Conflict, NotFound, Unprocessable
from service.console.views.alert import find
from service.console.views.queue import DONE, changes
from service.console.visit import ROOT, inside, link
from service.model.alert import Note, Verdict
from service.model.decision import Decision, Guarded, Kind, Origin
from service.model.entity import Entity, Scope
from service.model.ids import event_id, text_id
from service.review import alerts as rules
from service.review.desk import Stale

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit
    from service.model.alert import Alert

HOUR = 3600 * 1_000_000
LASTS = {"1h": HOUR, "1d": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR}
"""Choice -> microseconds; any other holds until it is removed."""
BEGINS = {"1h": HOUR, "1d": 24 * HOUR}
"""Choice -> microseconds until it acts; any other acts at once."""
LONGEST = 4_000
"""Characters of a note or a reason."""
LONGEST_NAME = 512
SCOPES = (*get_args(Guarded), Scope.CAMPAIGN)
"""What gateways can be told about."""
NO_REASON = "a decision needs a reason: whoever undoes it must be able to understand it"


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
        raise Unprocessable(NO_REASON)
    if verdict is not None:
        # Looked at first: where the alert cannot be closed, nothing is decided either.
        _closable(visit, alert, verdict)
    decision = None if kind is None else _made(visit, alert.entity, kind, text)
    outcome = None if decision is None else deciding.make(visit.control, visit.identity, decision, origin="console")
    if verdict is not None:
        _change(visit, alert, "close", verdict=verdict, text=text)
    proposed = outcome is Outcome.PROPOSED
    return visit.go(
        link("alerts", alert.id),
        done="proposed" if proposed else "closed" if verdict else "decided",
        made=decision.id if decision and not proposed else "",
    )


def direct(visit: Visit) -> Response:
    """A decision about somebody by name, without an alert."""
    scope, value, text = visit.field("scope"), visit.field("value")[:LONGEST_NAME], visit.field("text")[:LONGEST]
    if scope not in SCOPES or not value:
        raise Unprocessable("name whom: a scope, and the full name within it")
    if visit.field("kind") not in list(Kind):
        raise Unprocessable("choose what the gateways do")
    if not text:
        raise Unprocessable(NO_REASON)
    decision = _made(visit, Entity(Scope(scope), value), Kind(visit.field("kind")), text)
    outcome = deciding.make(visit.control, visit.identity, decision, origin="console")
    proposed = outcome is Outcome.PROPOSED
    back = inside(visit.field("back"))
    return visit.go(
        back if back != ROOT else f"{ROOT}/decisions",
        done="proposed" if proposed else "decided",
        made="" if proposed else decision.id,
    )


def _made(visit: Visit, entity: Entity, kind: Kind, reason: str) -> Decision:
    """The decision that the form says."""
    life, since = LASTS.get(visit.field("lasts")), visit.now + BEGINS.get(visit.field("begins"), 0)
    return Decision(
        id=text_id(event_id(visit.now)),
        entity=entity,
        kind=kind,
        until=None if life is None else since + life,
        origin=Origin.REVIEWER,
        reason=reason,
        simulated=visit.field("simulated") == "yes",
        created=visit.now,
        since=since if since > visit.now else 0,
    )


def _closable(visit: Visit, alert: Alert, verdict: Verdict) -> None:
    """Refuse what closing would be refused for."""
    _check_version(visit, alert)
    try:
        changes(verdict)["close"](alert, visit.actor, visit.now)
    except rules.NotAllowed as refused:
        raise Conflict(f"Not done: {refused}.", code="not_allowed") from None


def _change(visit: Visit, alert: Alert, verb: str, *, verdict: Verdict | None, text: str) -> None:
    _check_version(visit, alert)
    made = changes(verdict)[verb]
    act = visit.act(f"alert.{DONE[verb]}", str(alert.entity), alert=alert.id, text=text)
    try:
        visit.console.desk.change(alert, lambda found: made(found, visit.actor, visit.now), act=act, text=text)
    except rules.NotAllowed as refused:
        raise Conflict(f"Not done: {refused}.", code="not_allowed") from None
    except Stale:
        raise _stale() from None


def _check_version(visit: Visit, alert: Alert) -> None:
    """Refuse a form that was written on an older page."""
    seen = visit.field("version")
    if seen and seen != str(alert.version):
        raise _stale()


def _note(visit: Visit, alert: Alert, text: str) -> None:
    if not text:
        raise Unprocessable("write the note first")
    note = Note(text_id(event_id(visit.now)), alert.id, visit.now, visit.actor, "note", text)
    visit.control.alerts.write(note, visit.act("alert.noted", str(alert.entity), alert=alert.id))


def _stale() -> Conflict:
    return Conflict("Somebody changed this alert since you opened it. Open it again, and decide on what it says now.")
