"""``revenuer config``: the settings in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service import settings
from service.cli._fail import Group
from service.cli._options import FILE
from service.cli._output import console, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@click.group(cls=Group)
def config() -> None:
    """The settings."""


@config.command()
@click.argument("file", required=False, type=FILE)
def check(*, file: Path | None) -> None:
    """Print the settings in force and where each came from, or what is wrong with them."""
    loaded = settings.load(file)
    origins = settings.origins(file)
    rows = [
        (name, _written(name, value), origins.get(name, "default"))
        for name, value in _flat("", loaded.model_dump(mode="json"))
    ]
    table("", ("setting", "value", "from"), rows, out=console())


def _flat(prefix: str, tree: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict) and f"{prefix}{name}" != "upstream":
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value


def _written(name: str, value: Any) -> str:
    if name in ("database", "stream") and value:
        return settings.without_password(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} -> {url}" for key, url in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)
