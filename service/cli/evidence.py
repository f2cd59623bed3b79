"""``revenuer evidence``: all that a flag rests on, in one archive for an appeal or a case."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import _wiring
from service.cli._acts import by_user
from service.cli._fail import fail
from service.cli._options import with_settings
from service.cli.explain import find
from service.review import evidence as archive

if TYPE_CHECKING:
    from service.settings import Settings


@click.command()
@click.argument("flag", required=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="FLAG.zip, without it.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the audit log; needed where texts are kept.")
@click.option("--events", default=10_000, show_default=True, type=click.IntRange(0), help="Latest queries at most.")
@click.option(
    "--content",
    type=click.Choice(archive.LEVELS),
    help="What of the texts goes in: at most, and without it, what the log keeps.",
)
@click.option("--check", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check an archive instead.")
@with_settings
def evidence(
    *, settings: Settings, flag: str | None, out: Path | None, reason: str, events: int, content: str | None,
    check: Path | None,
) -> None:  # fmt: skip
    """Pack all that FLAG rests on, an id or the beginning of one, into one archive for an appeal or a case."""
    if check is not None:
        _check(check)
        return
    if flag is None:
        fail("name a flag; 'revenuer explain' and GET /api/v1/flags show them")
    level = content or settings.content
    if archive.above(level, settings.content):
        fail(f"the log keeps '{settings.content}' of texts, so --content {level} cannot be had")
    if level == "full" and not reason.strip():
        fail("texts are kept here, and reading them needs a --reason, which goes into the audit log")
    with _wiring.stores(settings) as stores:
        found = find(stores.records, flag)
        path = out or Path(f"{found.id}.zip")
        if path.exists():
            fail(f"{path} exists; name another file with --out")
        detail = {"flag": found.id, "content": level, "reason": reason}
        # Before anything is read: what cannot be audited is not done.
        stores.audit.append(by_user("evidence.packed", str(found.entity), **detail))
        _write(path, _wiring.packer(settings, stores)(found, level, events))
    click.echo(str(path))


def _check(file: Path) -> None:
    try:
        wrong = archive.faults(file.read_bytes())
    except ValueError as error:
        fail(f"{file}: {error}")
    if wrong:
        fail(f"{file}: not as it was packed: {', '.join(wrong)}")
    click.echo("every file is as it was packed", err=True)


def _write(path: Path, data: bytes) -> None:
    """For its maker alone: it may hold texts."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
