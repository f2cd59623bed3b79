"""``revenuer detectors``: what looks at the traffic, in which mode, how often it fires and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli import _wiring
from service.cli._options import with_settings
from service.cli._output import console, table

if TYPE_CHECKING:
    from service.settings import Settings


@click.command()
@with_settings
def detectors(*, settings: Settings) -> None:
    """List the detectors: version, mode, threshold, how often they fire, what they cost."""
    rows = [
        (
            held.name,
            str(held.version),
            held.group,
            held.mode,
            f"p ≤ {held.threshold:g}",
            f"{held.fired / held.evaluations:.2%}" if held.evaluations else "-",
            f"{held.evaluations:,}",
            f"{held.microseconds:.1f}",
        )
        for held in _wiring.standings(settings)
    ]
    columns = ("detector", "#version", "group", "mode", "out of line at", "#fires", "#of evaluations", "#µs an event")
    table("", columns, rows, out=console())
    click.echo(
        "fires: share of the evaluations of entities taken as benign, in the period that a baseline is learnt from"
    )
