"""Commands run in this process, each on a data folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from service.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@dataclass(frozen=True)
class Installation:
    """A data folder, and the command line on it."""

    data: Path

    def run(self, *words: str, stdin: str | None = None) -> Result:
        """The command with ``--data`` put behind it."""
        return run(*words, "--data", str(self.data), stdin=stdin)


def run(*words: str, stdin: str | None = None) -> Result:
    """A command as a shell would run it; an exception that no command should let through is raised."""
    result = CliRunner().invoke(main, list(words), prog_name="revenuer", input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """An installation that was never started."""
    return Installation(tmp_path / "data")
