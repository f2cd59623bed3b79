"""``revenuer baseline``: learn what benign looks like, and look at what was learnt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._fail import Group, fail
from service.cli._options import FILE, with_settings
from service.cli._output import console, counted, safe, table
from service.cli.precision import show as show_precision
from service.cli.replay import progress, report_bad
from service.model.account_day import MOST
from service.review.highest import SHOWN

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.core.baseline import Baselines
    from service.settings import Settings

NEXT = (
    "look at each; vouch for an honest one: revenuer decision add --value ACCOUNT --kind allow --reason TEXT",
    "leave a harvest out of the next learning: any other kind, with --simulated if it is not to be felt",
    f"then 'revenuer baseline learn' and look again, until {SHOWN} in a row are honest",
)


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


@baseline.command()
@with_settings
def learn(*, settings: Settings) -> None:
    """Learn from this installation's own log now, as it does by itself once a day."""
    done = _wiring.learn(settings)
    if done.stale:
        click.echo(
            f"{done.drift.estimate:.0%} of last week's account-days lay in the highest tenth of the baseline before: "
            "look at what has changed before trusting the rates",
            err=True,
        )
    calibration, budget = done.baselines.calibration("account"), settings.scoring.budget
    if not done.enough:
        fail(
            f"too little to learn from: {counted(calibration.n, 'benign account-day')} to calibrate on, a budget of "
            f"{budget:g} needs {calibration.needed(budget):,}, and about as many again for the references"
        )
    _show_calibrations(done.baselines, budget)
    if settings.scoring.baseline or not settings.scoring.learn:
        click.echo("not in force: the settings name another (scoring.baseline) or want none learnt (scoring.learn)")
    click.echo("next: 'revenuer baseline highest' lists the accounts that set its threshold")


@baseline.command()
@click.option("--top", type=click.IntRange(1, MOST), default=SHOWN, show_default=True, metavar="N")
@with_settings
def highest(*, settings: Settings, top: int) -> None:
    """List the accounts that set the threshold: the highest days of what was learnt from."""
    with _wiring.stores(settings) as stores:
        found = _wiring.highest(stores)
    if found is None:
        fail(
            "nothing was learnt from this installation's own traffic yet; "
            "'revenuer baseline learn' does it now, or says how much is missing"
        )
    rows = [
        (
            row.day.account,
            f"{rfc3339(row.day.at)[:19]}Z",
            f"{row.day.queries:,}",
            f"{row.day.score:.3f}",
            row.standing.words,
        )
        for row in found.rows[:top]
    ]
    table("", ("account", "at", "#queries", "#score", "state"), rows, out=console())
    learnt = f"{rfc3339(found.learnt)[:19]}Z"
    click.echo(f"{len(rows)} of {len(found.rows)} kept; learnt at {learnt}, baseline {found.version}")
    for line in NEXT:
        click.echo(line)


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
