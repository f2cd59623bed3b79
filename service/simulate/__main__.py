"""``python -m service.simulate``: a population as a file of query records."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
import msgspec
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from service.simulate.kinds import ALL, ATTACKS, BENIGN, HARD, ORDINARY
from service.simulate.population import START, Mix, population
from service.simulate.texts import TextsError, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from service.simulate.kinds import Archetype


@click.command(context_settings={"max_content_width": 120})
@click.option("--benign", type=click.IntRange(0), default=2000, show_default=True, help="Honest accounts.")
@click.option("--attackers", type=click.IntRange(0), default=0, show_default=True, help="Distilling accounts.")
@click.option("--days", type=click.IntRange(1), default=2, show_default=True, help="Days of traffic.")
@click.option(
    "--seed", type=click.IntRange(0), default=7, show_default=True, help="The same seed gives the same records."
)
@click.option(
    "--ceiling",
    type=click.IntRange(1),
    default=8000,
    show_default=True,
    help="Queries an account sends a day, about, at most.",
)
@click.option(
    "--floor", type=click.IntRange(1), default=1, show_default=True, help="... and on an active day at least."
)
@click.option("--launch", type=click.IntRange(0), default=0, help="Day, from 1, on which a new model appears.")
@click.option("--kind", "only", multiple=True, help="Only accounts of this kind; may come several times.")
@click.option("--without", multiple=True, help="No accounts of this kind; may come several times.")
@click.option("--list", "listed", is_flag=True, help="List the kinds and end.")
@click.option(
    "--texts",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help='File of {"text": ...} a line, or folder of such files; may come several times.',
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write, .jsonl or .jsonl.gz.")
def main(
    *,
    benign: int,
    attackers: int,
    days: int,
    seed: int,
    ceiling: int,
    floor: int,
    launch: int,
    only: tuple[str, ...],
    without: tuple[str, ...],
    listed: bool,
    paths: tuple[Path, ...],
    out: Path | None,
) -> None:
    """Write the traffic of a simulated population to a file of query records."""
    if listed:
        click.echo("\n".join(_lines()))
        return
    if out is None:
        raise click.UsageError("no file to write: add --out FILE.jsonl.gz")
    try:
        texts = load(*paths)
    except TextsError as error:
        raise click.ClickException(str(error)) from None
    if texts.corpora:
        click.echo(
            "corpora: " + ", ".join(f"{corpus.name} ({len(corpus.rows):,})" for corpus in texts.corpora), err=True
        )
    kinds = _chosen(only, without)
    mix = Mix(
        benign=benign, attackers=attackers, days=days, ceiling=ceiling, floor=floor, launch=launch, archetypes=kinds
    )
    for wanted, known, word in ((benign, BENIGN, "honest"), (attackers, ATTACKS, "distilling")):
        if wanted and not kinds.keys() & known.keys():
            raise click.UsageError(f"no {word} kind is left for {wanted:,} accounts")
    encode = msgspec.json.Encoder().encode
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[records]:,} records"),
        TimeElapsedColumn(),
    )
    records = 0
    try:
        with _opened(out) as file, Progress(*columns) as progress:
            task = progress.add_task(f"{benign + attackers:,} accounts", total=days * 86_400, records=0)
            for record in population(seed, mix, texts):
                file.write(encode(record) + b"\n")
                records += 1
                if records % 1000 == 0:
                    progress.update(task, completed=record["ts"] - START, records=records)
            progress.update(task, completed=days * 86_400, records=records)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None


def _lines() -> Iterator[str]:
    for title, kinds in (("honest", ORDINARY), ("honest, hard to tell", HARD), ("distilling", ATTACKS)):
        yield f"{title} ({len(kinds)}):"
        yield from (f"  {name:<16} {kind.words}" for name, kind in kinds.items())


def _chosen(only: Sequence[str], without: Sequence[str]) -> dict[str, Archetype]:
    unknown = [name for name in (*only, *without) if name not in ALL]
    if unknown:
        raise click.UsageError(f"no kind '{unknown[0]}'; --list names them")
    return {name: kind for name, kind in ALL.items() if (not only or name in only) and name not in without}


def _opened(out: Path) -> AbstractContextManager[BinaryIO]:
    # Without a time in its head, the same population is the same file.
    if out.suffix != ".gz":
        return out.open("wb")
    return gzip.GzipFile(out, "wb", compresslevel=1, mtime=0)  # type: ignore[return-value]


if __name__ == "__main__":
    main()
