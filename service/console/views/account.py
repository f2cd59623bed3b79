"""Accounts: every entity that is followed, and one of them beside its own past."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from service.api.errors import NotFound
from service.console.evidence import reasons
from service.console.hypotheses import examined
from service.console.timeline import timeline
from service.console.views.alert import texts
from service.console.views.decide import SCOPES
from service.console.views.offer import made_here, offered
from service.model.entity import Entity, Scope
from service.ports import FlagFilter
from service.review.alerts import alert_id

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

LIMIT = 50
EVALUATIONS = 200
FLAGS = 50


def listing(visit: Visit) -> Response:
    """Entities of a scope, last seen first; one that is named is opened."""
    asked = visit.asked("scope", "account")
    scope = Scope(asked) if asked in list(Scope) else Scope.ACCOUNT
    filters = {"scope": str(scope)}
    place = visit.control.cursors.open(visit.request.query_params.get("cursor"), "console.accounts", filters)
    page = visit.control.records.accounts(scope, place, LIMIT)
    following = visit.control.cursors.seal(page.next, "console.accounts", filters)
    return visit.page(
        "accounts.html", accounts=page.items, scope=scope, scopes=(Scope.ACCOUNT, Scope.ORG, Scope.END_USER),
        following=f"?{urlencode({**filters, 'cursor': following})}" if following else "",
        further="cursor" in visit.request.query_params,
    )  # fmt: skip


def show(visit: Visit) -> Response:
    """One entity: facts, latest scoring, its curve, its flags and decisions."""
    scope, value = visit.part("scope"), visit.part("value")[:512]
    entity = Entity(Scope(scope), value) if scope in list(Scope) else None
    account = visit.control.records.account(entity) if entity else None
    if entity is None or account is None:
        raise NotFound("There is no entity of that name: nothing was seen of it, or it is past its retention.")
    records = visit.control.records
    evaluations = records.evaluations(entity, EVALUATIONS)
    flags = records.flags(FlagFilter(scope=entity.scope, entity=entity.value), None, FLAGS).items
    decisions = [made for made in visit.control.decisions.all() if made.entity == entity]
    latest = evaluations[0] if evaluations else None
    return visit.page(
        "account.html",
        account=account,
        latest=latest,
        reasons=reasons(latest.signals) if latest else [],
        hypotheses=examined(None, latest),
        flags=flags,
        samples=texts(visit, flags[0] if flags else None, revealed=False),
        timeline=timeline(evaluations, flags, (), decisions),
        decisions=sorted(decisions, key=lambda made: made.created, reverse=True),
        alert=visit.control.alerts.alert(alert_id(entity)),
        declared=visit.console.declarations().get(entity.value),
        decidable=entity.scope in SCOPES,
        done=visit.asked("done"),
        made=made_here(visit, decisions),
        **offered(visit),
    )
