"""``revenuer doctor``: what is wrong with an installation, and what to do."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from service import settings
from service.cli import _doctor
from service.cli._options import FILE
from service.doctor import Check, State, examine
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIGNS = {State.OK: "✓", State.NOTE: "·", State.BAD: "✗"}


@click.command()
@click.option("--config", type=FILE, metavar="FILE", help="Settings in YAML (REVENUER_CONFIG).")
@click.option("--listen", metavar="HOST:PORT", help="Data port (REVENUER_LISTEN).")
@click.option("--control", metavar="HOST:PORT", help="Control port (REVENUER_CONTROL).")
@click.option("--data", type=FILE, metavar="FOLDER", help="Where state is kept (REVENUER_DATA).")
@click.option("--upstream", metavar="URL", help="API to front (REVENUER_UPSTREAM).")
@click.option("--database", metavar="URL", help="Database (REVENUER_DATABASE).")
@click.option("--stream", metavar="URL", help="From gateway to worker (REVENUER_STREAM).")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@click.pass_context
def doctor(context: click.Context, /, *, config: Path | None, as_json: bool, **flags: Any) -> None:
    """Check settings, data folder, secrets, database, stream, spool, baseline, ports, upstream and processes.

    Takes the options that 'revenuer serve' was started with. Looks only. Exits with 1 where something is wrong.
    """
    checks: list[Check] = []
    for check in _checks(config, flags):
        checks.append(check)
        if not as_json:
            click.echo(f"{SIGNS[check.state]} {check.name}: {check.found}")
            if check.advice:
                click.echo(f"    {check.advice}")
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(check) for check in checks], indent=2, ensure_ascii=False))
    context.exit(any(check.state is State.BAD for check in checks))


def _checks(config: Path | None, flags: dict[str, Any]) -> Iterator[Check]:
    try:
        loaded = settings.load(config, flags)
    except SettingsError as error:
        yield Check("settings", State.BAD, str(error), "see 'revenuer config check'")
        return
    yield Check("settings", State.OK, "can be used")
    yield from examine(loaded, _doctor.doctor_parts(loaded))
