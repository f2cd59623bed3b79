"""A tutorial as its reader follows it: the blocks of commands, and what each is said to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = re.compile(
    r"(?P<late><!-- comes in a while -->\n)?```sh(?P<first> title=\"first terminal\")?\n(?P<command>.*?)```"
    r"(?:\n\n```text\n(?P<printed>.*?)```)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One block of commands."""

    command: str
    printed: str | None
    """What it must print; None where that is not said."""
    first: bool
    """In the first terminal, where it goes on running until it is run again."""
    late: bool
    """It may have to be repeated until it prints what it must."""


def steps(page: Path) -> list[Step]:
    """The blocks of a page, in order."""
    return [
        Step(found["command"], found["printed"], bool(found["first"]), bool(found["late"]))
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]
