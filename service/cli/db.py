"""``revenuer db``: the schema of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli import _wiring
from service.cli._fail import Group
from service.cli._options import with_settings

if TYPE_CHECKING:
    from service.settings import Settings


@click.group(cls=Group)
def db() -> None:
    """The database's schema."""


@db.command()
@with_settings
def upgrade(*, settings: Settings) -> None:
    """Bring the schema to what this version needs."""
    _wiring.upgrade(settings)
    click.echo("the schema is up to date", err=True)


@db.command()
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_settings
def downgrade(*, settings: Settings, revision: str, yes: bool) -> None:
    """Take the schema back to REVISION; 'base' takes away everything, data included."""
    if not yes:
        click.confirm(f"Take the schema back to '{revision}', and lose what it had no place for?", abort=True, err=True)
    _wiring.downgrade(settings, revision)
    click.echo(f"the schema is at {revision}", err=True)
