"""``revenuer export``: the log as query records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli import _wiring
from service.cli._fail import fail
from service.cli._options import FILE, with_settings
from service.cli._output import json_lines

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings

ENDINGS = (".jsonl", ".jsonl.gz")


@click.command()
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@with_settings
def export(*, settings: Settings, file: Path, force: bool) -> None:
    """Write the log to FILE (.jsonl or .jsonl.gz), in order of completion.

    Texts are in it as far as the setting 'content' kept them. The file is written aside and renamed when it is whole.
    """
    if not file.name.endswith(ENDINGS):
        fail(f"{file}: name it .jsonl or .jsonl.gz")
    count = 0
    with _wiring.stores(settings) as stores, json_lines(file, force=force) as write:
        for event in stores.records.export():
            write(_wiring.record(event))
            count += 1
    click.echo(f"{count:,} queries in {file}", err=True)
