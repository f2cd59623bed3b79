"""``revenuer notify``: where news of the installation goes, and whether it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._acts import by_user
from service.cli._fail import Group, fail
from service.cli._options import with_settings
from service.cli._output import console, safe, table

if TYPE_CHECKING:
    from service.settings import Settings

SECOND = 1_000_000


@click.group(cls=Group)
def notify() -> None:
    """Destinations of notices; POST /api/v1/destinations or the console's settings make one."""


@notify.command("list")
@with_settings
def list_destinations(*, settings: Settings) -> None:
    """List the destinations, newest first; of a URL only scheme and host are shown."""
    with _wiring.stores(settings) as stores:
        rows = [
            (
                found.id,
                str(found.channel),
                found.shown,
                str(found.severity),
                f"{found.wait / SECOND:g} s",
                rfc3339(found.created)[:19] + "Z",
            )
            for found in stores.registers.destinations.all()
            if found.removed is None
        ]
    table("", ("name", "channel", "goes to", "alerts from", "gathered for", "made"), rows, out=console())


@notify.command()
@click.argument("name")
@with_settings
def test(*, settings: Settings, name: str) -> None:
    """Send a test message to a destination now."""
    with _wiring.stores(settings) as stores:
        found = stores.registers.destinations.find(name)
        if found is None or found.removed is not None:
            fail(f"no destination '{safe(name, 64)}'; 'revenuer notify list' shows them")
        stores.audit.append(by_user("destination.tested", f"destination:{found.id}"))
        _wiring.send_test(settings, stores, found)
    click.echo(f"destination {found.id} took the message", err=True)
