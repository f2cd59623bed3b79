"""An alert: why, why not, who, what, when, linked to whom, seen before, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api import packing
from service.api.errors import NotFound, Unprocessable
from service.console.evidence import reasons, samples
from service.console.hypotheses import examined
from service.console.timeline import timeline
from service.console.views.offer import made_here, offered
from service.model.alert import Status, Verdict
from service.model.entity import Entity, Scope
from service.ports import FlagFilter
from service.review.alerts import alert_id
from service.review.evidence import LEVELS, above

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from starlette.responses import Response

    from service.console.evidence import Samples
    from service.console.visit import Visit
    from service.model.alert import Alert
    from service.model.campaign import Campaign
    from service.model.flag import Flag

EVALUATIONS = 200
FLAGS = 50
OTHERS = 50
"""Alerts of a campaign's other ids that are shown."""
HIDDEN_AFTER = 300
"""Seconds for which revealed texts stay on the page."""


def show(visit: Visit) -> Response:
    """The alert, without a word of any prompt but what several have in common."""
    alert = find(visit)
    return visit.page("alert.html", **gathered(visit, alert, revealed=False))


def reveal(visit: Visit) -> Response:
    """The same with the samples' texts, once the reading is in the audit log."""
    alert, reason = find(visit), visit.field("reason")
    if not reason:
        raise Unprocessable("reading texts needs a reason, which goes into the audit log")
    flag = visit.control.records.latest_flags([alert.entity]).get(alert.entity)
    detail = {"alert": alert.id, "flag": flag.id if flag else "", "reason": reason[:500]}
    # Before anything is read: what cannot be audited is not done.
    visit.control.audit.append(visit.act("text.read", str(alert.entity), **detail))
    response = visit.page("alert.html", **gathered(visit, alert, revealed=True))
    response.headers["Refresh"] = f"{HIDDEN_AFTER};url={visit.request.url.path.removesuffix('/reveal')}"
    return response


def evidence(visit: Visit) -> Response:
    """The newest flag's evidence as a download."""
    alert = find(visit)
    flag = visit.control.records.latest_flags([alert.entity]).get(alert.entity)
    if flag is None:
        raise NotFound("The flags of this alert are past their retention.")
    content, reason = visit.field("content"), visit.field("reason")[:500]
    return packing.packed(visit.control, visit.identity, flag, content=content, reason=reason, origin="console")


def find(visit: Visit) -> Alert:
    """The alert of the address."""
    alert = visit.control.alerts.alert(visit.part("id")[:128])
    if alert is None:
        raise NotFound("There is no alert of that id.")
    return alert


def gathered(visit: Visit, alert: Alert, *, revealed: bool) -> dict[str, Any]:
    """All that the page shows."""
    records, entity = visit.control.records, alert.entity
    flags = records.flags(FlagFilter(scope=entity.scope, entity=entity.value), None, FLAGS).items
    evaluations = records.evaluations(entity, EVALUATIONS)
    notes = visit.control.alerts.notes(alert.id)
    whole = campaign(visit, entity)
    others = [name for name in names(whole) if name != entity.value] if whole and whole.id == entity.value else []
    about = {entity, *(Entity(Scope.CAMPAIGN, name) for name in others)}
    decisions = [made for made in visit.control.decisions.all() if made.entity in about]
    latest = evaluations[0] if evaluations else None
    flag = flags[0] if flags else None
    shown = {signal.name for signal in flag.reasons} if flag else set()
    return {
        "alert": alert,
        "flag": flag,
        "flags": flags,
        "reasons": reasons(flag.reasons) if flag else [],
        "others": [signal for signal in latest.signals if signal.name not in shown] if latest else [],
        "hypotheses": examined(flag, latest),
        "account": records.account(entity),
        "samples": texts(visit, flag, revealed=revealed),
        "timeline": timeline(evaluations, flags, notes, decisions),
        "notes": notes,
        "decisions": sorted(decisions, key=lambda made: made.created, reverse=True),
        "linked": linked(visit, entity),
        "became": became(visit, whole) if whole and whole.id != entity.value else None,
        "earlier": alerts(visit, others),
        "declared": visit.console.declarations().get(entity.value),
        "held": held_by_another(visit, alert),
        **offered(visit),
        "levels": [level for level in LEVELS if not above(level, visit.control.settings.content)],
        "verdicts": list(Verdict),
        "closed": alert.status is Status.CLOSED,
        "done": visit.asked("done"),
        "made": made_here(visit, decisions),
    }


def linked(visit: Visit, entity: Entity) -> list[Campaign]:
    """Campaigns that the account is a member of."""
    if entity.scope is not Scope.ACCOUNT:
        return []
    return [found for found in visit.console.campaigns() if entity.value in found.members]


def campaign(visit: Visit, entity: Entity) -> Campaign | None:
    """The campaign that a campaign is by now."""
    if entity.scope is not Scope.CAMPAIGN:
        return None
    return next((found for found in visit.console.campaigns() if entity.value in names(found)), None)


def names(campaign: Campaign) -> tuple[str, ...]:
    """Every id that it was flagged under."""
    return (campaign.id, *campaign.joined, *campaign.merged)


def became(visit: Visit, campaign: Campaign) -> tuple[Campaign, Alert | None]:
    """The campaign that another one is part of by now, with its alert."""
    return campaign, visit.control.alerts.alert(alert_id(Entity(Scope.CAMPAIGN, campaign.id)))


def alerts(visit: Visit, campaigns: Sequence[str]) -> list[Alert]:
    """Those that there are of these campaigns."""
    found = (visit.control.alerts.alert(alert_id(Entity(Scope.CAMPAIGN, name))) for name in campaigns[:OTHERS])
    return [alert for alert in found if alert is not None]


def texts(visit: Visit, flag: Flag | None, *, revealed: bool) -> Samples:
    """The queries behind a flag."""
    events = visit.control.records.events(flag.events) if flag else ()
    return samples(events, visit.console.read, revealed=revealed)


def held_by_another(visit: Visit, alert: Alert) -> bool:
    """Whether somebody else's claim holds."""
    return alert.assignee not in ("", visit.actor) and (alert.lease_until is None or alert.lease_until > visit.now)
