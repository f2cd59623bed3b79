"""``revenuer simulate``: traffic of distillers and of honest callers, as files of query records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service.cli import _wiring
from service.cli._fail import Group
from service.cli._options import FILE
from service.cli._output import console, counted, json_lines, table

if TYPE_CHECKING:
    from pathlib import Path


class _Lazy(Group):
    """A group that reads the command of a whole population only when it is asked for: it is large."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "population"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _wiring.population() if cmd_name == "population" else super().get_command(ctx, cmd_name)


@click.group(cls=_Lazy)
def simulate() -> None:
    """Make traffic to measure with: a campaign of many accounts, or a population of single ones."""


@simulate.command()
@click.option("--preset", metavar="NAME", help="A campaign of known shape, or an honest crowd; --list names them.")
@click.option("--list", "listed", is_flag=True, help="List the presets and end.")
@click.option("--accounts", type=click.IntRange(2), help="Accounts of the campaign. [4000]")
@click.option("--per-account", type=click.IntRange(1), help="Requests of each, in all. [4]")
@click.option("--days", type=click.FloatRange(0, min_open=True), help="From its first request to its last. [2]")
@click.option("--template", type=click.Choice(["fixed", "paraphrased", "none"]), help="What its requests share.")
@click.option("--wordings", type=click.IntRange(1), help="Of a paraphrased instruction. [30]")
@click.option("--place", type=click.Choice(["prefix", "suffix", "system"]), help="Where the instruction stands.")
@click.option("--partition", type=click.Choice(["round-robin", "topic"]), help="How the list is dealt out.")
@click.option("--start", "begin", type=click.Choice(["staggered", "burst"]), help="When its accounts begin.")
@click.option("--replace-after", type=click.FloatRange(0), metavar="HOURS", help="Half of them are shut out then.")
@click.option("--replay-reasoning", type=click.IntRange(0), metavar="N", help="Sealed reasoning handed on.")
@click.option("--reingest", type=click.IntRange(0), metavar="N", help="Answers handed on to be cleaned.")
@click.option("--cover", type=click.FloatRange(0, 1, max_open=True), help="Share of honest use.")
@click.option("--after", type=click.FloatRange(0), metavar="HOURS", help="When the campaign begins.")
@click.option("--crowd", "crowds", multiple=True, metavar="NAME", help="An honest crowd too; may come several times.")
@click.option("--background", type=click.IntRange(0), default=0, show_default=True, help="Honest accounts around it.")
@click.option("--background-days", type=click.IntRange(1), default=7, show_default=True)
@click.option("--texts", type=FILE, metavar="FOLDER", help='Corpora, *.jsonl(.gz) of {"text": ...}.')
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="The same seed, the same records.")
@click.option("--out", type=FILE, metavar="EVENTS.jsonl[.gz]", help="File to write.")
@click.option("--force", is_flag=True, help="Replace the file where there is one.")
def hydra(*, listed: bool, out: Path | None, force: bool, **asked: Any) -> None:
    """Write a campaign of many accounts, among honest ones, as query records.

    A preset gives the campaign its shape; other options change it. Records have labels, which no detector sees.
    """
    if listed:
        table("", ("preset", "what it is"), _wiring.hydra_presets(), out=console())
        return
    if out is None:
        raise click.UsageError("no file to write: add --out EVENTS.jsonl.gz")
    written = 0
    with json_lines(out, force=force) as write:
        for record in _wiring.hydra(**{name: value for name, value in asked.items() if value is not None}):
            write(record)
            written += 1
    click.echo(f"{out}: {counted(written, 'record')}", err=True)
