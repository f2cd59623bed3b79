"""``revenuer decision``: what the gateway does with an entity's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from service.api.acts import decision_detail
from service.api.control import clock
from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._acts import by_user
from service.cli._fail import Group, fail
from service.cli._options import Until, with_settings
from service.cli._output import console, safe, table
from service.model.decision import Decision, Guarded, Kind, Origin
from service.model.entity import Entity, Scope
from service.model.ids import event_id, text_id

if TYPE_CHECKING:
    from service.settings import Settings


SCOPES = [scope.value for scope in get_args(Guarded)]
"""Those that a request tells, so that the guard can act on them."""


@click.group(cls=Group)
def decision() -> None:
    """Decisions about entities: allow, annotate, throttle, block."""


@decision.command()
@click.option("--scope", type=click.Choice(SCOPES), default="account", show_default=True)
@click.option("--value", required=True, metavar="ID", help="As a flag shows it; an end user is ACCOUNT/USER.")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in Kind]))
@click.option("--until", type=Until(), metavar="7d", help="Duration or RFC 3339 time; without it, until removed.")
@click.option("--reason", required=True, metavar="TEXT", help="For whoever asks later.")
@click.option("--simulated", is_flag=True, help="Record and count it, do not enforce it.")
@with_settings
def add(
    *, settings: Settings, scope: str, value: str, kind: str, until: int | None, reason: str, simulated: bool
) -> None:
    """Decide about an entity; prints the decision's id. Every gateway follows it within a second."""
    if not value.strip() or not reason.strip():
        fail("--value and --reason must say something")
    now = clock()
    made = Decision(
        id=text_id(event_id(now)),
        entity=Entity(Scope(scope), value),
        kind=Kind(kind),
        until=until,
        origin=Origin.CLI,
        reason=reason,
        simulated=simulated,
        created=now,
    )
    with _wiring.prepared(settings) as stores:
        act = by_user("decision.made", str(made.entity), **decision_detail(made))
        _wiring.published(lambda: stores.decisions.add(made, act))
    click.echo(made.id)


@decision.command("list")
@with_settings
def list_decisions(*, settings: Settings) -> None:
    """List the decisions, newest first."""
    now = clock()
    with _wiring.stores(settings) as stores:
        held = sorted(stores.decisions.all(), key=lambda made: made.created, reverse=True)
    rows = [
        (
            made.id,
            str(made.entity),
            str(made.kind),
            "removed" if made.until is None else rfc3339(made.until)[:19] + "Z",
            _state(made, now),
            str(made.origin),
            safe(made.reason),
        )
        for made in held
    ]
    table("", ("id", "entity", "kind", "until", "state", "origin", "reason"), rows, out=console())


@decision.command()
@click.argument("decision_id", metavar="ID")
@with_settings
def remove(*, settings: Settings, decision_id: str) -> None:
    """Remove a decision; every gateway follows within a second."""
    with _wiring.stores(settings) as stores:
        found = next((made for made in stores.decisions.all() if made.id == decision_id), None)
        if found is None:
            stores.decisions.republish()  # an earlier removal may have failed just there
            fail(f"no decision of id '{safe(decision_id, 64)}'; 'revenuer decision list' shows them")
        act = by_user("decision.removed", str(found.entity), **decision_detail(found))
        if not _wiring.published(lambda: stores.decisions.remove(decision_id, act)):
            fail(f"no decision of id '{safe(decision_id, 64)}'; 'revenuer decision list' shows them")
    click.echo(f"decision {decision_id} is removed", err=True)


def _state(made: Decision, now: int) -> str:
    if made.until is not None and made.until <= now:
        return "over"
    if made.since > now:
        return "simulated later" if made.simulated else "later"
    return "simulated" if made.simulated else "in force"
