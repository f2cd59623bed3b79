"""What the documents say exists; what the tree holds belongs to the project and to no one machine."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from service.cli import main
from tests.architecture.source import ROOT
from tests.site.settings import fields as settings

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
COMMAND = re.compile(r"(?:^|[`$|(]|&& )\s*revenuer ([a-z][^`\n|;#]*)", re.MULTILINE)
TARGET = re.compile(r"(?:^|[`$(]|&& )\s*make ([a-z]+)", re.MULTILINE)


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _code(path: Path) -> str:
    """The document's code: fenced blocks, and spans with their backticks."""
    text = path.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) + re.findall(r"`[^`\n]+`", text))


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _unknown(line: str) -> str:
    """What is wrong with a command line, as the program itself would say; empty where it would be taken."""
    command: click.Command = main
    words = shlex.split(line)
    while words and isinstance(command, click.Group):
        found = command.commands.get(words[0])
        default = getattr(command, "default", None)
        if found is None and default is not None:
            words, found = [default, *words], command.commands[default]
        if found is None:
            return f"no such command: {words[0]}"
        command, words = found, words[1:]
    try:
        _, left_over, _ = command.make_parser(click.Context(command)).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    return f"unexpected: {left_over[0]}" if left_over else ""


@pytest.mark.parametrize("path", DOCUMENTS, ids=_place)
def test_named_commands_exist(path: Path) -> None:
    """Every ``revenuer`` command and option that a document names is one that the program has."""
    unknown = {command: _unknown(command) for command in COMMAND.findall(_code(path))}
    assert {command: word for command, word in unknown.items() if word} == {}


@pytest.mark.parametrize("path", DOCUMENTS, ids=_place)
def test_named_targets_exist(path: Path) -> None:
    """Every make target that a document names is in the Makefile."""
    assert sorted(set(TARGET.findall(_code(path))) - _targets()) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=_place)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file of the repository finds it."""
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_readme_names_both_commands_first() -> None:
    """The two commands are on the first screen of the README."""
    screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "make run" in screen
    assert "make test" in screen


def test_every_command_is_documented() -> None:
    """Every command of the program is named in a document."""
    code = "\n".join(_code(path) for path in DOCUMENTS)
    assert [name for name in sorted(main.commands) if f"revenuer {name}" not in code] == []


def test_every_setting_is_explained() -> None:
    """Every setting says below its declaration what it means, which is what the reference shows."""
    assert [name for name, means in settings() if not means] == []


def test_reference_is_current() -> None:
    """The pages made from the code are what the code makes now."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.site", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_changelog_knows_this_version() -> None:
    """The version that is installed has its entry."""
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _tracked() -> list[Path]:
    """Files that belong to the repository; outside of a clone, those that a source archive would hold."""
    if shutil.which("git") and (ROOT / ".git").exists():
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    folders = ("detectors", "service", "migrations", "tests", "docs", "requirements")
    return [path for name in folders for path in (ROOT / name).rglob("*") if path.is_file() and path.suffix != ".pyc"]


def _matches(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in _tracked():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{_place(path)}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    return found


def test_no_path_of_a_machine() -> None:
    """No tracked file names a folder of somebody's machine."""
    assert _matches(re.compile(r"(?<![\w.])/(?:root|home|Users|work)/\w")) == []


def test_no_registry_host() -> None:
    """No tracked file names a package registry: the lock files carry hashes and no addresses."""
    hosts = ("files.pythonhosted", "pypi", "registry.npmjs", "deb.debian")
    assert _matches(re.compile("|".join(rf"//[\w.]*{host}\.org" for host in hosts))) == []


def test_files_are_small() -> None:
    """No tracked file is over 1 MiB: data stays outside of the repository."""
    assert [_place(path) for path in _tracked() if path.stat().st_size > 2**20] == []


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        pytest.param("serve --upstream https://api.example.com", "", id="known"),
        pytest.param("brew --strong", "no such command: brew", id="command"),
        pytest.param("serve --upstraem x", "No such option", id="option"),
        pytest.param("serve the tea", "unexpected: the", id="argument"),
    ],
)
def test_command_check_bites(command: str, unknown: str) -> None:
    """A command or option that does not exist is found."""
    assert _unknown(command).startswith(unknown)
    assert bool(_unknown(command)) == bool(unknown)
