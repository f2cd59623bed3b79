"""``revenuer baseline``: learn what benign looks like, and look at what was learnt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from service.cli import _wiring
from service.cli._fail import Group, fail
from service.cli._options import FILE, with_settings
from service.cli._output import console, counted, safe, table
from service.cli.precision import show as show_precision
from service.cli.replay import progress, report_bad

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.core.baseline import Baselines
    from service.settings import Settings


@click.group(cls=Group)
def baseline() -> None:
    """What benign traffic looks like, and its calibration."""


@baseline.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--out", required=True, type=FILE, metavar="B", help="The one file to write.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the split of accounts.")
@click.option("--licence", multiple=True, metavar="TEXT", help="Licence of a source; kept in the file.")
@click.option("--strict", is_flag=True, help="Stop at the first bad line instead of skipping it.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@with_settings
def fit(
    *,
    settings: Settings,
    files: tuple[Path, ...],
    out: Path,
    seed: int,
    licence: tuple[str, ...],
    strict: bool,
    force: bool,
) -> None:
    """Learn from query records that are all taken as benign."""
    if out.exists() and not force:
        fail(f"{out} is there already; take another name, or --force to replace it")
    # Said before a long run, not after it.
    if not os.access(out.absolute().parent, os.W_OK | os.X_OK):
        fail(f"{out}: its folder is not there or cannot be written to")
    names = [file.name for file in files]
    provenance = {
        "command": f"revenuer baseline fit {' '.join(names)} --seed {seed}",
        "sources": names,
        "licences": list(licence),
    }
    reader = _wiring.reader(files, strict=strict)
    with progress(reader) as advance:
        fitted = _wiring.fit(reader, settings, provenance=provenance, seed=seed, on_events=advance)
    report_bad(reader)
    if not fitted.references:
        fail(f"{reader.events:,} queries are too few to learn from: no account has the 20 that a first score needs")
    fitted.save(out)
    _show_calibrations(fitted, settings.scoring.budget)


@baseline.command()
@click.argument("file", required=False, type=FILE, metavar="[B]")
@with_settings
def show(*, settings: Settings, file: Path | None) -> None:
    """What a baseline knows; the one in force where no file is given, with what reviewers found of its flags."""
    held = _wiring.baseline(settings, file)
    _show_calibrations(held, settings.scoring.budget)
    if file is None:
        _show_precision(settings)
    rows = [
        (scope, signal, "all" if level < 0 else f"{20 << level}-{(40 << level) - 1}", f"{reference.n:,}")
        for (scope, level, signal), reference in sorted(held.references.items())
    ]
    table("", ("scope", "signal", "queries", "#n"), rows, out=console())


def _show_precision(settings: Settings) -> None:
    """How often flags under it were right, as far as this installation's verdicts tell."""
    if not _wiring.installed(settings):
        return
    with _wiring.stores(settings) as stores:
        rows, alerts = _wiring.precision(stores)
    if rows[0].interval.n:
        click.echo(f"measured precision, of {counted(alerts, 'closed alert')}:")
        show_precision(rows)
    else:
        click.echo("measured precision: not known, no alert is closed as right or wrong")


def _show_calibrations(held: Baselines, budget: float) -> None:
    click.echo(f"baseline {held.version}, features {held.features or '-'}")
    for name, value in held.provenance.items():
        shown = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
        click.echo(f"  {name}: {safe(shown) or '-'}")
    rows = [
        (scope, f"{calibration.n:,}", "yes" if calibration.supports(budget) else f"from {calibration.needed(budget):,}")
        for scope, calibration in sorted(held.calibrations.items())
    ]
    table("", ("scope", "#benign account-days", f"supports a budget of {budget:g}"), rows, out=console())
