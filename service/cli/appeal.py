"""``revenuer appeal``: what a customer says against a decision, and the answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.api.acts import decision_detail
from service.api.control import clock
from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._acts import by_user, user
from service.cli._fail import Group, fail
from service.cli._options import with_settings
from service.cli._output import console, safe, table
from service.model.appeal import AppealState
from service.review.appeals import Appeals, decided, withdrawn

if TYPE_CHECKING:
    from service.bootstrap.stores import Stores
    from service.model.appeal import Appeal
    from service.settings import Settings


@click.group(cls=Group)
def appeal() -> None:
    """Appeals: filed for a customer, decided by somebody who had no part in the decision."""


@appeal.command()
@click.option("--decision", "decision_id", required=True, metavar="ID", help="'revenuer decision list' shows it.")
@click.option("--statement", required=True, metavar="TEXT", help="What the customer says.")
@with_settings
def file(*, settings: Settings, decision_id: str, statement: str) -> None:
    """File an appeal against a decision; prints its id."""
    with _wiring.stores(settings) as stores:
        held = _appeals(stores)
        against = held.against(decision_id)
        if against is None:
            fail(f"no decision of id '{safe(decision_id, 64)}'; 'revenuer decision list' shows them")
        made = held.file(against, statement, by=user(), now=clock(), act=by_user)
        told = f"an appeal of {made.entity} waits for its reviewer"
        _wiring.notices(settings, stores).tell("appeal.filed", str(made.entity), told)
    click.echo(made.id)


@appeal.command("list")
@with_settings
def list_appeals(*, settings: Settings) -> None:
    """List the appeals, newest first."""
    with _wiring.stores(settings) as stores:
        rows = [
            (
                found.id,
                str(found.entity),
                found.decision,
                rfc3339(found.created)[:19] + "Z",
                str(found.state),
                found.decided_by or "-",
                safe(found.statement, 60),
            )
            for found in stores.registers.appeals.all()
        ]
    table("", ("id", "entity", "decision", "filed", "state", "decided by", "statement"), rows, out=console())


@appeal.command()
@click.argument("appeal_id", metavar="ID")
@click.option("--outcome", required=True, type=click.Choice([AppealState.GRANTED.value, AppealState.DENIED.value]))
@click.option("--answer", required=True, metavar="TEXT", help="What the customer is told.")
@with_settings
def decide(*, settings: Settings, appeal_id: str, outcome: str, answer: str) -> None:
    """Decide an appeal; granted, its decision is taken back at once."""
    with _wiring.stores(settings) as stores:
        held, found = _appeals(stores), _find(stores, appeal_id)
        against = held.against(found.decision)
        after = decided(found, AppealState(outcome), by=user(), answer=answer, now=clock())
        _settled(held, found, after)
        if after.state is AppealState.GRANTED and against is not None:
            act = by_user("decision.removed", str(against.entity), **decision_detail(against))
            _wiring.published(lambda: stores.decisions.remove(against.id, act))
    click.echo(f"appeal {found.id} is {after.state}", err=True)


@appeal.command()
@click.argument("appeal_id", metavar="ID")
@with_settings
def withdraw(*, settings: Settings, appeal_id: str) -> None:
    """Take an appeal back, because the customer does."""
    with _wiring.stores(settings) as stores:
        found = _find(stores, appeal_id)
        _settled(_appeals(stores), found, withdrawn(found, user(), clock()))
    click.echo(f"appeal {found.id} is withdrawn", err=True)


def _appeals(stores: Stores) -> Appeals:
    return Appeals(stores.registers, stores.decisions, stores.audit, stores.tokens)


def _find(stores: Stores, appeal_id: str) -> Appeal:
    found = stores.registers.appeals.find(appeal_id)
    if found is None:
        fail(f"no appeal of id '{safe(appeal_id, 64)}'; 'revenuer appeal list' shows them")
    return found


def _settled(held: Appeals, found: Appeal, after: Appeal) -> None:
    if not held.settle(found, after, by_user):
        fail("it was changed by somebody else meanwhile; look at it again")
