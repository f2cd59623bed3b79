"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import functools
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    F = TypeVar("F", bound=Callable[..., Any])

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
FILE = click.Path(path_type=Path)


class Duration(click.ParamType[int]):
    """``30m``, ``24h``, ``90d``: an integer with its unit, as microseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"(\d{1,6})([smhdw])", str(value))
        if match is None or not int(match[1]):
            self.fail(f"'{value}' is not a duration; write 30m, 24h, 90d or 2w", param, ctx)
        return int(match[1]) * UNITS[match[2]] * 1_000_000


class Until(click.ParamType[int]):
    """A duration from now, or a time in RFC 3339 with offset, as microseconds since the epoch."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if re.fullmatch(r"\d+[a-z]", str(value)):
            return time.time_ns() // 1000 + Duration().convert(value, param, ctx)
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail(f"'{value}' is neither a duration (7d) nor a time (2026-12-01T00:00:00Z)", param, ctx)
        if at <= datetime.now(UTC):
            self.fail(f"'{value}' is in the past", param, ctx)
        return round(at.timestamp() * 1_000_000)


def with_settings(command: F) -> F:
    """Add ``--config``, ``--data``, ``--database`` and ``--stream``, and hand the command the settings in force."""

    @click.option("--config", type=FILE, metavar="FILE", help="Settings in YAML (REVENUER_CONFIG).")
    @click.option("--data", type=FILE, metavar="FOLDER", help="Where state is kept (REVENUER_DATA).")
    @click.option("--database", metavar="URL", help="Database (REVENUER_DATABASE).")
    @click.option("--stream", metavar="URL", help="From gateway to worker (REVENUER_STREAM).")
    @functools.wraps(command)
    def wrapped(
        *, config: Path | None, data: Path | None, database: str | None, stream: str | None, **rest: Any
    ) -> Any:
        flags = {"data": data, "database": database, "stream": stream}
        return command(settings=settings.load(config, flags), **rest)

    return wrapped  # type: ignore[return-value]
