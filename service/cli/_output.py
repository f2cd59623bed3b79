"""What commands print and write: tables, safe text, and files that are whole or not there."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.cli._fail import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys instead of showing, and those that turn the direction of reading."""


def console(*, stderr: bool = False) -> Console:
    """A console on standard output or error; as wide as it must be where that is no terminal."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else 200, soft_wrap=False)


def safe(text: str, limit: int = 0) -> str:
    """The text on one line, without what a terminal would obey; at most ``limit`` characters where that is not 0."""
    line = CONTROL.sub(" ", text)
    return line if not limit or len(line) <= limit else line[: limit - 1] + "…"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, out: Console) -> None:
    """Print a table; a column whose name begins with ``#`` holds numbers."""
    shown = Table(
        title=title or None,
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        show_header=any(columns),
    )
    for column in columns:
        numeric = column.startswith("#")
        shown.add_column(column.lstrip("#"), justify="right" if numeric else "left", no_wrap=numeric)
    for row in rows:
        # As Text, so that a value in brackets is no markup.
        shown.add_row(*(Text(safe(cell)) for cell in row))
    out.print(shown)


def counted(count: int, noun: str, several: str = "") -> str:
    """A count with its noun: ``1 flag``, ``2 flags``, ``0 entities``."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def number(value: float | None) -> str:
    """A number for people: five significant digits at most, thousands set apart."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@contextlib.contextmanager
def json_lines(path: Path, *, force: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Writes documents a line each, gzip'd where the name ends in .gz; aside first, then renamed when whole."""
    if path.exists() and not force:
        fail(f"{path} is there already; take another name, or --force to replace it")
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _opened(aside, packed=path.suffix == ".gz") as file:
            yield lambda document: _line(file, document)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path, *, packed: bool) -> Iterator[BinaryIO]:
    # Records hold what callers asked; nobody else on the machine should read them.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        if packed:
            # No name and no time in it, so that the same records give the same bytes.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:
                yield cast("BinaryIO", file)
        else:
            yield raw
        raw.flush()
        os.fsync(raw.fileno())


def _line(file: BinaryIO, document: dict[str, Any]) -> None:
    file.write(json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n")
