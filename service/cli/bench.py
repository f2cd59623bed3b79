"""``revenuer bench``: how well the detectors do, beside the published ones, on the same events."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from service.cli import _wiring
from service.cli._fail import Group, fail
from service.cli._options import FILE
from service.cli._output import console, safe, table

if TYPE_CHECKING:
    from pathlib import Path

    from service.bench.runner import Done


class _Suites(Group):
    """A group that takes words which name none of its commands as words of its first one."""

    default = "run"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Suites)
def bench() -> None:
    """Measure the detectors beside the published ones: 'bench [SUITE...]', or 'bench window' on two files."""


@bench.command("run")
@click.argument("suites", nargs=-1, metavar="[SUITE]...")
@click.option("--corpora", type=FILE, metavar="FOLDER", help='Texts, *.jsonl or *.jsonl.gz of {"text": ...}.')
@click.option("--traces", type=FILE, metavar="FOLDER", help="Query records with labels.")
@click.option("--elicitation", type=FILE, metavar="FOLDER", help="Requests for hidden reasoning, by family.")
@click.option("--baseline", type=FILE, metavar="B", help="A file of 'revenuer baseline fit'.")
@click.option("--out", type=FILE, metavar="FOLDER", help="Write bench.json and bench.html there.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--scale", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Size of 'campaigns', 1 is all.")
@click.option(
    "--resume", type=FILE, metavar="FOLDER", help="Run the largest size of 'campaigns' there, or go on with it."
)
@click.option("--quick", is_flag=True, help="Few trials: to see that all is in order, not to quote.")
def run(*, suites: tuple[str, ...], out: Path | None, **given: Any) -> None:
    """Run suites (all where none is named) and print their figures.

    Without --corpora and --traces it runs on traffic that the project generates, and says so.
    """
    for name in ("corpora", "traces", "elicitation"):
        folder = given[name]
        if folder is not None and not folder.is_dir():
            fail(f"--{name}: {folder} is not a folder")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    measured, given_to = _wiring.bench(suites, {**given, "say": lambda line: click.echo(line, err=True)})
    done = []
    for held in measured:
        done.append(held)
        _show(held)
    if out is not None:
        for name, text in _wiring.bench_report(done, given_to).items():
            (out / name).write_text(text, encoding="utf-8")
            click.echo(str(out / name))


@bench.command()
@click.option("--benign", required=True, type=FILE, metavar="FILE", help="Texts that are benign; two halves.")
@click.option("--suspect", required=True, type=FILE, metavar="FILE", help="Texts to be judged.")
@click.option("--window", "n", required=True, type=click.IntRange(20), metavar="N", help="Texts of a window.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the draws by chance.")
def window(*, benign: Path, suspect: Path, n: int, seed: int) -> None:
    """Hold the windows of a file against a file of benign texts.

    Files are JSON lists or JSON Lines of texts (strings, or objects with "text"), gzip'd or not. Windows are
    consecutive. The first half of the benign file is the reference, the second says what happens by chance. Prints
    JSON Lines of window, n, score and p_value; high scores say that the window does not come from the benign texts.
    """
    for line in _wiring.bench_windows(benign, suspect, n, seed=seed, note=lambda text: click.echo(text, err=True)):
        click.echo(json.dumps({**asdict(line), "score": round(line.score, 4), "p_value": round(line.p_value, 6)}))


def _show(done: Done) -> None:
    outcome = done.outcome
    click.echo(f"{outcome.suite}: {safe(outcome.data)} ({done.seconds:.0f} s)")
    for held in (_wiring.bench_figures(outcome), *outcome.tables):
        table(held.title, held.columns, held.rows, out=console())
        click.echo()
    for note in outcome.notes:
        click.echo(safe(note))
    click.echo()
