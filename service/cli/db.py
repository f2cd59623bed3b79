"""``revenuer db``: the database's schema, its move into another, and the number of its partitions."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from service.cli import _wiring
from service.cli._fail import Group
from service.cli._options import with_settings
from service.cli._output import console, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.settings import Settings


PARTITIONS = click.IntRange(1, 256)


@click.group(cls=Group)
def db() -> None:
    """The database: its schema, its move into another, its partitions."""


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


@db.command()
@click.option("--to", "target", required=True, metavar="URL", help="An empty database, as postgresql://...")
@click.option(
    "--partitions", type=PARTITIONS, help="Of the target; else as the settings say, 1 without a shared stream."
)
@with_settings
def copy(*, settings: Settings, target: str, partitions: int | None) -> None:
    """Copy everything into another database, as from SQLite to Postgres.

    The installation must be stopped; its own database stays as it is. A copy that was broken off
    goes on when the command is given again.
    """
    number = partitions or (settings.partitions if settings.shared_stream else 1)
    with _progress() as advance:
        rows = _wiring.move(settings, target, number, advance)
    click.echo(
        f"{counted(rows, 'row')} copied, into {counted(number, 'partition')}; "
        "start with REVENUER_DATABASE set to the target",
        err=True,
    )


@db.command()
@click.argument("number", type=PARTITIONS)
@with_settings
def partitions(*, settings: Settings, number: int) -> None:
    """Share callers out in NUMBER partitions from now on.

    Everything must be stopped, the gateways first and the workers once nothing waits any more.
    """
    before = _wiring.part(settings, number)
    click.echo(f"{counted(before, 'partition')} before, {number:,} now", err=True)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each table, on standard error."""
    err = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        tasks = {}

        def advance(table: str, done: int, rows: int) -> None:
            if table not in tasks:
                tasks[table] = bar.add_task(table)
            bar.update(tasks[table], completed=done, total=rows)

        yield advance
