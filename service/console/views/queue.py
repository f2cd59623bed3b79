"""The queue: what somebody should look at, most urgent first, and changes to several alerts at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from service.api import viewing
from service.api.errors import Unprocessable
from service.console.visit import ROOT
from service.model.alert import Alert, Status, Verdict
from service.model.entity import Scope
from service.model.flag import Flag, Severity
from service.ports import AlertFilter
from service.review import alerts as rules
from service.review.desk import Stale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.responses import Response

    from service.console.visit import Visit

LIMIT = 50
REASONS = 3
"""Of the newest flag, shown in a row."""
OPEN = frozenset(set(Status) - {Status.CLOSED})
MOST = 200
"""Alerts changed at once."""
BULK = {"claim": "Claim", "release": "Release", "close": "Close"}
UNDOES = {"claim": "release", "close": "reopen"}
"""What takes a change of several back."""


@dataclass(frozen=True, slots=True)
class Line:
    """One alert, and the newest flag of its entity where there is one."""

    alert: Alert
    flag: Flag | None

    @property
    def reasons(self) -> Sequence[str]:
        """The strongest, as sentences."""
        signals = sorted(self.flag.reasons, key=lambda signal: signal.p_value) if self.flag else []
        return [signal.text for signal in signals[:REASONS]]


def show(visit: Visit) -> Response:
    """A page of the queue, by what the address asks for."""
    asked = _asked(visit)
    page = visit.control.alerts.alerts(_filter(visit, asked), _place(visit, asked), LIMIT)
    latest = visit.control.records.latest_flags([alert.entity for alert in page.items])
    following = visit.control.cursors.seal(page.next, "console.queue", asked)
    return visit.page(
        "queue.html",
        lines=[Line(alert, latest.get(alert.entity)) for alert in page.items],
        counts=visit.control.alerts.counts(),
        asked=asked,
        here=urlencode(asked),
        views=viewing.views(visit.control),
        selected=visit.request.query_params.getlist("select"),
        following=f"?{urlencode({**asked, 'cursor': following})}" if following else "",
        further="cursor" in visit.request.query_params,
        statuses=list(Status),
        severities=list(Severity),
        scopes=(Scope.ACCOUNT, Scope.ORG, Scope.END_USER, Scope.CAMPAIGN),
        verdicts=list(Verdict),
        done=_done(visit),
    )


def bulk(visit: Visit) -> Response:
    """Change several alerts: first how many it would be, then, once confirmed, the change."""
    chosen = visit.form.get("select", [])[:MOST]
    verb, back = visit.field("verb"), visit.field("back")
    if verb not in BULK and verb not in UNDOES.values():
        raise Unprocessable("choose what to do with them")
    verdict = Verdict(visit.field("verdict")) if verb == "close" and visit.field("verdict") in list(Verdict) else None
    if verb == "close" and verdict is None:
        raise Unprocessable("closing needs a verdict: choose one beside the button")
    found = [alert for alert in map(visit.control.alerts.alert, chosen) if alert is not None]
    if visit.field("confirmed") != "yes":
        can = [alert for alert in found if _allowed(visit, alert, verb, verdict)]
        return visit.page(
            "bulk.html", verb=verb, label=BULK.get(verb, verb), verdict=verdict, can=can,
            cannot=[alert for alert in found if alert not in can], back=back,
        )  # fmt: skip
    changed = [alert.id for alert in found if _change(visit, alert, verb, verdict)]
    return visit.go(f"{ROOT}/queue", done=verb, changed=changed)


def changes(verdict: Verdict | None) -> Mapping[str, Callable[[Alert, str, int], Alert]]:
    """Verb -> what it makes of an alert, by whom, at which time."""
    made: dict[str, Callable[[Alert, str, int], Alert]] = {
        "claim": rules.claimed,
        "release": rules.released,
        "wait": rules.waiting,
        "reopen": lambda alert, by, _: rules.reopened(alert, by),
    }
    if verdict is not None:
        made["close"] = lambda alert, by, now: rules.closed(alert, verdict, by, now)
    return made


DONE = {"claim": "claimed", "release": "released", "wait": "waiting", "close": "closed", "reopen": "reopened"}
"""Verb -> what was done then, as the audit log has it."""


def _allowed(visit: Visit, alert: Alert, verb: str, verdict: Verdict | None) -> bool:
    try:
        changes(verdict)[verb](alert, visit.actor, visit.now)
    except rules.NotAllowed:
        return False
    return True


def _change(visit: Visit, alert: Alert, verb: str, verdict: Verdict | None) -> bool:
    made, text = changes(verdict)[verb], visit.field("text")
    act = visit.act(f"alert.{DONE[verb]}", str(alert.entity), alert=alert.id, text=text)
    try:
        visit.console.desk.change(alert, lambda found: made(found, visit.actor, visit.now), act=act, text=text)
    except (rules.NotAllowed, Stale):
        return False
    return True


def _asked(visit: Visit) -> dict[str, str]:
    """The filters of the address that are set and known."""
    allowed = {
        "status": {"all", *Status}, "severity": set(Severity), "scope": set(Scope), "assignee": {"me", "nobody"},
    }  # fmt: skip
    found = {name: visit.asked(name) for name in allowed if visit.asked(name) in allowed[name]}
    entity = visit.asked("entity").strip()
    return {name: str(value) for name, value in found.items()} | ({"entity": entity[:512]} if entity else {})


def _filter(visit: Visit, asked: Mapping[str, str]) -> AlertFilter:
    status = asked.get("status")
    return AlertFilter(
        statuses=None if status == "all" else frozenset({Status(status)}) if status else OPEN,
        assignee={"me": visit.actor, "nobody": ""}.get(asked.get("assignee", "")),
        severity=Severity(asked["severity"]) if "severity" in asked else None,
        scope=Scope(asked["scope"]) if "scope" in asked else None,
        entity=asked.get("entity"),
    )


def _place(visit: Visit, asked: Mapping[str, str]) -> str | None:
    return visit.control.cursors.open(visit.request.query_params.get("cursor"), "console.queue", asked)


def _done(visit: Visit) -> dict[str, object] | None:
    """What was just done to several, and how it is undone."""
    verb, changed = visit.asked("done"), visit.request.query_params.getlist("changed")[:MOST]
    if verb not in DONE:
        return None
    return {"verb": DONE[verb], "count": len(changed), "undo": UNDOES.get(verb, ""), "changed": changed}
