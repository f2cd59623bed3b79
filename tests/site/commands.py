"""The page of commands: what ``--help`` prints of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli import main
from tests.site.page import page

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100


def render() -> str:
    """The page."""
    return page("Commands", "What `revenuer COMMAND --help` prints.", *_sections(main, "revenuer", None))


def _sections(command: click.Command, name: str, above: click.Context | None) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=above, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```"
    if isinstance(command, click.Group):
        for inner in sorted(command.commands):
            yield from _sections(command.commands[inner], inner, context)
