from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from service.cli._fail import Group
from service.ports import StoreUnavailable
from tests.service.cli.conftest import run

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ("serve", "replay", "baseline", "export", "explain", "token", "decision", "key", "config", "doctor", "db")
HEAVY = ("numpy", "fastapi", "sqlalchemy", "aiohttp")


def test_help_lists_every_command() -> None:
    """Every command is in the help, with a line of what it does."""
    listed = run("--help").stdout
    assert all(f"\n  {word} " in listed for word in COMMANDS)


@pytest.mark.parametrize("word", COMMANDS)
def test_each_command_has_help(word: str) -> None:
    """Every command explains itself."""
    assert run(word, "--help").exit_code == 0


def test_version() -> None:
    """The version is the package's."""
    assert run("--version").stdout.startswith("revenuer, version ")


def test_help_does_not_wait_for_heavy_libraries() -> None:
    """The command line loads what a command needs when it needs it."""
    code = f"import sys, service.cli; print(sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(StoreUnavailable("the disk is full"), "revenuer: the disk is full\n", id="ours"),
        pytest.param(PermissionError(13, "Permission denied", "x.db"), "revenuer: x.db: Permission denied\n", id="os"),
    ],
)
def test_errors_are_one_line(error: Exception, said: str) -> None:
    """What a person can act on is one line on standard error and exit code 2."""
    result = CliRunner().invoke(_raising(error), ["fail"])
    assert (result.exit_code, result.stderr, result.stdout) == (2, said, "")


def test_a_bug_keeps_its_traceback() -> None:
    """What is nobody's mistake but ours is not made to look like the user's."""
    result = CliRunner().invoke(_raising(KeyError("x")), ["fail"])
    assert isinstance(result.exception, KeyError)


def test_no_installation(tmp_path: Path) -> None:
    """A command that needs an installation says that there is none, and makes none."""
    for words in (("export", str(tmp_path / "x.jsonl")), ("token", "list"), ("explain", "f"), ("decision", "list")):
        result = run(*words, "--data", str(tmp_path / "none"))
        assert result.exit_code == 2
        assert "no installation in" in result.stderr
    assert not list(tmp_path.iterdir())


def _raising(error: Exception) -> click.Group:
    @click.group(cls=Group)
    def group() -> None:
        """Fail on demand."""

    @group.command()
    def fail() -> None:
        raise error

    return group
