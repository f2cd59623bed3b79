"""``revenuer audit``: who did what, and whether the log of it is what was written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._fail import Group
from service.cli._options import with_settings
from service.cli._output import console, safe, table

if TYPE_CHECKING:
    from service.settings import Settings


@click.group(cls=Group)
def audit() -> None:
    """The audit log: decisions, tokens and reads of text, chained so that every change shows."""


@audit.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Entries, newest first.")
@with_settings
def list_entries(*, settings: Settings, limit: int) -> None:
    """List the newest entries."""
    with _wiring.stores(settings) as stores:
        entries = stores.audit.entries(None, limit)
    rows = [
        (
            str(entry.number),
            rfc3339(entry.act.at)[:19] + "Z",
            safe(entry.act.actor),
            entry.act.action,
            safe(entry.act.subject),
            safe(", ".join(f"{name}: {value}" for name, value in sorted(entry.act.detail.items()) if value), 120),
        )
        for entry in entries
    ]
    table("", ("number", "at", "actor", "action", "subject", "detail"), rows, out=console())


@audit.command()
@with_settings
def verify(*, settings: Settings) -> None:
    """Check every entry against the one before it and against the witness; exit status 1 where one was changed."""
    with _wiring.stores(settings) as stores:
        faults = stores.audit.verify()
        head = stores.audit.head()
    for fault in faults:
        click.echo(f"entry {fault.number}: {fault.what}")
    if faults:
        click.echo(f"{len(faults)} faults: the audit log is not what was written; put a backup beside it", err=True)
        sys.exit(1)
    click.echo(f"{head.number if head else 0} entries, each as it was written", err=True)


@audit.command()
@with_settings
def head(*, settings: Settings) -> None:
    """Print number and digest of the newest entry, to be kept on another machine."""
    with _wiring.stores(settings) as stores:
        newest = stores.audit.head()
    click.echo(f"{newest.number} {newest.digest.hex()}" if newest else "0")
