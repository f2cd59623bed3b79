"""``revenuer replay``: history through the same code as live traffic."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from detectors.core.discoveries import LEVEL
from service.api.documents import flag_document, rfc3339, score_document
from service.cli import _wiring
from service.cli._fail import fail
from service.cli._options import FILE, with_settings
from service.cli._output import console, counted, json_lines, number, table
from service.replay.days import Days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from service.model.entity import Entity
    from service.model.flag import Flag
    from service.replay.reader import Reader
    from service.replay.runner import Result
    from service.settings import Settings

SHOWN_BAD = 20
EPOCH = date(1970, 1, 1).toordinal()


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--flags", "flags_file", type=FILE, metavar="OUT.jsonl", help="Write a line for each flag.")
@click.option("--scores", "scores_file", type=FILE, metavar="OUT.jsonl", help="Write a line for each entity.")
@click.option("--baseline", type=FILE, metavar="B", help="A file of 'revenuer baseline fit'.")
@click.option("--strict", is_flag=True, help="Stop at the first bad line instead of skipping it.")
@with_settings
def replay(
    *,
    settings: Settings,
    files: tuple[Path, ...],
    flags_file: Path | None,
    scores_file: Path | None,
    baseline: Path | None,
    strict: bool,
) -> None:
    """Score query records (.jsonl, .jsonl.gz), several files merged by time, in event time.

    Ends with a table of the flagged entities. The exit code is 0 also when flags were raised.
    """
    reader = _wiring.reader(files, strict=strict)
    # Opened first: what cannot be written is said before a long run, not after it.
    with _output(flags_file, files) as write_flag, _output(scores_file, files) as write_score:
        with progress(reader) as advance:
            days = Days()
            result = _wiring.run(reader, settings, baseline, advance, days.see)
        report_bad(reader)
        for flag in result.flags:
            write_flag(flag_document(flag))
        for entity, best in sorted(result.scores.items()):
            write_score(score_document(entity, best.score, best.at))
    _close(result, reader)
    for day in days.found():
        click.echo(
            f"{date.fromordinal(EPOCH + day.day)}: {counted(len(day.accounts), 'discovery', 'discoveries')} among"
            f" {counted(day.looked_at, 'account')} at a false discovery rate of {LEVEL:.0%} (e-BH)"
        )


@contextlib.contextmanager
def _output(path: Path | None, inputs: Sequence[Path]) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Writes documents to the file, or nowhere."""
    if path is None:
        yield lambda _: None
        return
    if path.exists() and any(path.samefile(given) for given in inputs):
        fail(f"{path} is one of the files to be replayed; name another for the output")
    with json_lines(path, force=True) as write:
        yield write


@contextlib.contextmanager
def progress(reader: Reader) -> Iterator[Callable[[int], None]]:
    """A progress bar over the bytes of the files, on standard error, gone when it is done."""
    err = console(stderr=True)
    columns = (
        TextColumn("{task.fields[events]:,} queries"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("replay", total=reader.total, events=0)

        def advance(_: int) -> None:
            bar.update(task, completed=reader.position, events=reader.events)

        yield advance


def report_bad(reader: Reader) -> None:
    """Name the lines that were skipped on standard error, the first ``SHOWN_BAD`` of them."""
    for bad in reader.bad[:SHOWN_BAD]:
        click.echo(str(bad), err=True)
    if reader.skipped > SHOWN_BAD:
        click.echo(f"... and {reader.skipped - SHOWN_BAD:,} more", err=True)
    for file, count in reader.counts.items():
        if not count:
            click.echo(f"{file}: holds no query", err=True)
    if reader.late:
        click.echo(f"{reader.late:,} lines were too far out of order to be put in their place", err=True)


def _close(result: Result, reader: Reader) -> None:
    out = console()
    rows = [_row(entity, flags) for entity, flags in _by_entity(result.flags)]
    if rows:
        columns = ("entity", "severity", "#score", "#flags", "#queries", "first flag", "reason")
        table("", columns, rows, out=out)
    skipped = f", {counted(reader.skipped, 'line')} skipped" if reader.skipped else ""
    found = f"{counted(len(result.flags), 'flag')} of {counted(len(rows), 'entity', 'entities')}"
    followed = counted(len(result.scores), "entity", "entities")
    out.print(f"{counted(result.queries, 'query', 'queries')}{skipped}, {followed}, {found}")


def _by_entity(flags: Sequence[Flag]) -> list[tuple[Entity, list[Flag]]]:
    """Flags of each entity, the severest entity first."""
    found: dict[Entity, list[Flag]] = {}
    for flag in flags:
        found.setdefault(flag.entity, []).append(flag)
    return sorted(found.items(), key=lambda item: (-_worst(item[1]).severity.rank, -_worst(item[1]).score, item[0]))


def _worst(flags: Sequence[Flag]) -> Flag:
    return max(flags, key=lambda flag: (flag.severity.rank, flag.score))


def _row(entity: Entity, flags: Sequence[Flag]) -> tuple[str, ...]:
    worst = _worst(flags)
    reason = min(worst.reasons, key=lambda signal: signal.p_value).text if worst.reasons else ""
    first = min(flag.flagged_at for flag in flags)
    queries = max(flag.queries for flag in flags)
    return (
        str(entity),
        str(worst.severity),
        number(worst.score),
        str(len(flags)),
        f"{queries:,}",
        rfc3339(first)[:19] + "Z",
        reason,
    )
