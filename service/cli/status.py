"""``revenuer status``: how far the way from the gateways to the log is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from service.api.documents import ingest_document
from service.cli import _wiring
from service.cli._options import with_settings
from service.cli._output import console, counted, table

if TYPE_CHECKING:
    from service.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document, as GET /api/v1/ingest has it.")
@with_settings
def status(*, settings: Settings, as_json: bool) -> None:
    """Show every partition with its owner and lag, and what could not be logged."""
    with _wiring.stores(settings) as stores:
        partitions = _wiring.ingest(settings, stores).partitions()
        counts = stores.records.counts()
    if as_json:
        click.echo(json.dumps(ingest_document(partitions, counts), indent=2))
        return
    rows = [
        (
            str(held.number),
            held.owner or "nobody",
            f"{held.epoch:,}",
            f"{held.entries:,}" if held.heard else "?",
            f"{held.lag:,.1f} s" if held.heard else "?",
            f"{held.bytes:,}" if held.heard else "?",
        )
        for held in partitions
    ]
    table("", ("#partition", "owner", "#epoch", "#entries", "#lag", "#bytes"), rows, out=console())
    if not all(held.heard for held in partitions):
        click.echo("the stream does not answer, so what waits in it is not known: see revenuer doctor", err=True)
    click.echo(
        f"{counted(counts['events'], 'query', 'queries')} in the log, "
        f"{counted(counts['not_logged'], 'record')} not logged in {counted(counts['gaps'], 'gap')}, "
        f"{counted(counts['duplicates'], 'repeat')} skipped"
    )
