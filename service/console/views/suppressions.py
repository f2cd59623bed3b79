"""Suppressions and declared jobs: what was found harmless or announced, who answers for it, and until when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors
from service.api.errors import Conflict, NotFound, Unprocessable
from service.console.visit import ROOT
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.ids import event_id, text_id
from service.model.suppression import Suppression
from service.review import suppressions as rules

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

DAY = 24 * 3600 * 1_000_000
LASTS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
SCOPES = (Scope.ACCOUNT, Scope.ORG, Scope.END_USER, Scope.CAMPAIGN)
LOOKED = 30 * DAY
"""Microseconds that a preview looks back."""
LONGEST = 512


def show(visit: Visit) -> Response:
    """Both, and the form for another suppression."""
    return _page(visit, None, None)


def preview(visit: Visit) -> Response:
    """What it would have hidden of the last 30 days; nothing is stored."""
    made = _made(visit)
    return _page(visit, made, rules.preview(made, visit.control.records, visit.now - LOOKED))


def make(visit: Visit) -> Response:
    """Hide an entity's flags from the queue and from the policy until its end. The flags are kept."""
    made = _made(visit)
    detail = {"id": made.id, "owner": made.owner, "reason": made.reason, "until": str(made.until)}
    visit.control.registers.suppressions.put(made, visit.act("suppression.made", str(made.entity), **detail))
    return visit.go(f"{ROOT}/suppressions", done="made")


def lift(visit: Visit) -> Response:
    """End one before its time; it stays in the list."""
    register = visit.control.registers.suppressions
    found = register.find(visit.part("id")[:128])
    if found is None:
        raise NotFound("There is no suppression of that id.")
    lifted = replace(found, lifted=visit.now, version=found.version + 1)
    act = visit.act("suppression.lifted", str(found.entity), id=found.id)
    if found.lifted is not None or not register.put(lifted, act):
        raise Conflict("Somebody else has changed it meanwhile; open the page again.")
    return visit.go(f"{ROOT}/suppressions", done="lifted")


def _made(visit: Visit) -> Suppression:
    value, owner, reason = (visit.field(name)[:LONGEST] for name in ("value", "owner", "reason"))
    scope, days, signal = visit.field("scope"), visit.field("days"), visit.field("signal")
    if not (value and owner and reason):
        raise Unprocessable("a suppression needs the entity's name, an owner and a reason")
    if scope not in SCOPES or days not in LASTS or visit.field("severity") not in list(Severity):
        raise Unprocessable("choose scope, severity and end from the lists")
    if signal and signal not in {detector.name for detector in all_detectors()}:
        raise Unprocessable("there is no detector of that name")
    return Suppression(
        id=text_id(event_id(visit.now)), entity=Entity(Scope(scope), value), owner=owner, reason=reason,
        created=visit.now, until=visit.now + int(days) * DAY, severity=Severity(visit.field("severity")), signal=signal,
    )  # fmt: skip


def _page(visit: Visit, made: Suppression | None, found: rules.Preview | None) -> Response:
    registers = visit.control.registers
    jobs = [
        (job, visit.control.records.account(Entity(Scope.ACCOUNT, job.account)))
        for _, job in sorted(visit.console.declarations().items())
    ]
    return visit.page(
        "suppressions.html",
        suppressions=registers.suppressions.all(),
        hits=registers.hits.all("suppression:"),
        counter=rules.counter,
        jobs=jobs,
        entity=visit.asked("entity")[:LONGEST],
        scope=visit.asked("scope"),
        made=made,
        preview=found,
        field=visit.field,
        scopes=SCOPES,
        severities=list(Severity),
        lasts=LASTS,
        names=[detector.name for detector in all_detectors()],
        done=visit.asked("done"),
    )
