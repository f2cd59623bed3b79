"""``revenuer suppress``: flags of one entity that nobody is to be asked about, for a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from service.api.control import clock
from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._acts import by_user, user
from service.cli._fail import Group, fail
from service.cli._options import Until, with_settings
from service.cli._output import console, safe, table
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.ids import event_id, text_id
from service.model.suppression import Suppression
from service.review.suppressions import counter
from service.review.suppressions import preview as previewed

if TYPE_CHECKING:
    from service.settings import Settings

YEAR = 366 * 24 * 3600 * 1_000_000
LOOKED = 30 * 24 * 3600 * 1_000_000
"""Microseconds that a preview looks back."""
SCOPES = [Scope.ACCOUNT.value, Scope.ORG.value, Scope.END_USER.value, Scope.CAMPAIGN.value]


@click.group(cls=Group)
def suppress() -> None:
    """Suppressions: what was found harmless, who answers for it, and until when."""


@suppress.command()
@click.option("--scope", type=click.Choice(SCOPES), default="account", show_default=True)
@click.option("--value", required=True, metavar="ID", help="As a flag shows it.")
@click.option("--until", required=True, type=Until(), metavar="30d", help="Duration or RFC 3339 time, within a year.")
@click.option("--reason", required=True, metavar="TEXT", help="For whoever asks later.")
@click.option("--owner", default="", metavar="NAME", help="Who answers for it; you, without it.")
@click.option(
    "--severity", type=click.Choice([s.value for s in Severity]), default="medium", show_default=True,
    help="The highest that it hides.",
)  # fmt: skip
@click.option("--signal", default="", metavar="DETECTOR", help="Only flags whose every reason is of it.")
@click.option("--preview", is_flag=True, help="Say what it would have hidden of the last 30 days; store nothing.")
@with_settings
def add(
    *, settings: Settings, scope: str, value: str, until: int, reason: str, owner: str, severity: str, signal: str,
    preview: bool,
) -> None:  # fmt: skip
    """Hide an entity's flags from the queue and the policy; prints the suppression's id. The flags are kept."""
    now = clock()
    if not value.strip() or not reason.strip():
        fail("--value and --reason must say something")
    if until > now + YEAR:
        fail("--until is more than a year ahead: nothing is hidden for longer without another look")
    made = Suppression(
        id=text_id(event_id(now)), entity=Entity(Scope(scope), value), owner=owner or user(), reason=reason,
        created=now, until=until, severity=Severity(severity), signal=signal,
    )  # fmt: skip
    with _wiring.stores(settings) as stores:
        if preview:
            found = previewed(made, stores.records, now - LOOKED)
            click.echo(f"it would have hidden {found.flags:,} of {found.looked_at:,} flags of the last 30 days")
            return
        detail = {"id": made.id, "owner": made.owner, "reason": made.reason, "until": str(made.until)}
        stores.registers.suppressions.put(made, by_user("suppression.made", str(made.entity), **detail))
    click.echo(made.id)


@suppress.command("list")
@with_settings
def list_suppressions(*, settings: Settings) -> None:
    """List the suppressions, newest first, also those that are over."""
    now = clock()
    with _wiring.stores(settings) as stores:
        hits = stores.registers.hits.all("suppression:")
        rows = [
            (
                found.id,
                str(found.entity),
                f"up to {found.severity}" + (f", {found.signal} alone" if found.signal else ""),
                rfc3339(found.until)[:19] + "Z",
                "lifted" if found.lifted is not None else "in force" if found.holds(now) else "over",
                f"{hit.count if (hit := hits.get(counter(found.id))) else 0:,}",
                found.owner,
                found.reason,
            )
            for found in stores.registers.suppressions.all()
        ]
    columns = ("id", "entity", "hides", "until", "state", "#hits", "owner", "reason")
    table("", columns, rows, out=console())


@suppress.command()
@click.argument("suppression_id", metavar="ID")
@with_settings
def lift(*, settings: Settings, suppression_id: str) -> None:
    """End a suppression before its time; it stays in the list."""
    with _wiring.stores(settings) as stores:
        register = stores.registers.suppressions
        found = register.find(suppression_id)
        if found is None:
            fail(f"no suppression of id '{safe(suppression_id, 64)}'; 'revenuer suppress list' shows them")
        lifted = replace(found, lifted=clock(), version=found.version + 1)
        act = by_user("suppression.lifted", str(found.entity), id=found.id)
        if found.lifted is not None or not register.put(lifted, act):
            fail("it is lifted already, or was changed by somebody else meanwhile")
    click.echo(f"suppression {found.id} is lifted", err=True)
