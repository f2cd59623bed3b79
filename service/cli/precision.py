"""``revenuer precision``: what the verdicts say of the detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli import _wiring
from service.cli._options import with_settings
from service.cli._output import console, counted, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.review.precision import Precision
    from service.settings import Settings

LEFT_OUT = "verdicts of insufficient data, duplicates and tests say nothing of a detector and are left out"


@click.command()
@with_settings
def precision(*, settings: Settings) -> None:
    """List how often reviewers found each detector right, with its 95 % interval."""
    with _wiring.stores(settings) as stores:
        rows, alerts = _wiring.precision(stores)
    show(rows)
    click.echo(f"of {counted(alerts, 'closed alert')}; {LEFT_OUT}")


def show(rows: Sequence[Precision]) -> None:
    """Print them as a table."""
    table(
        "", ("detector", "#precision", "#from", "#to", "#alerts judged"),
        [
            (
                row.detector,
                f"{row.interval.estimate:.0%}" if row.interval.n else "not known",
                f"{row.interval.low:.0%}",
                f"{row.interval.high:.0%}",
                f"{row.interval.n:,}",
            )
            for row in rows
        ],
        out=console(),
    )  # fmt: skip
