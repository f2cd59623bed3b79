"""The campaign that docs/campaigns.md walks through is what its two commands find."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from service.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[3] / "docs" / "campaigns.md"
HEADING = "### A campaign that is found"


@pytest.fixture(scope="module")
def section() -> str:
    """The example."""
    _, _, rest = PAGE.read_text().partition(HEADING)
    return rest.partition("\n#")[0]


@pytest.fixture(scope="module")
def flags(section: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the commands of the page give."""
    folder = tmp_path_factory.mktemp("example")
    commands = re.findall(r"^revenuer (.+)$", section, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        parts = [str(folder / part) if part.endswith(".jsonl") else part for part in shlex.split(command)]
        ran = CliRunner().invoke(main, parts, catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
    found = map(json.loads, (folder / "flags.jsonl").read_text().splitlines())
    return [flag for flag in found if flag["entity"]["scope"] == "campaign"]


def told(flags: list[dict[str, Any]]) -> Iterator[str]:
    """One row for each flag."""
    for flag in flags:
        at = flag["flagged_at"].partition("T")[2][:5]
        yield f"| {at} | {flag['severity']} | {flag['queries']} | {len(flag['members'])} |"


def test_the_page_tells_every_flag(section: str, flags: list[dict[str, Any]]) -> None:
    """When it was raised, and how much of the campaign it had."""
    assert [line for line in section.splitlines() if re.match(r"\| \d\d:", line)] == list(told(flags))


def test_the_page_gives_the_reasons(section: str, flags: list[dict[str, Any]]) -> None:
    """Of the last flag, the rarest first, and each of its links."""
    lines = [line.removeprefix("- ") for line in section.splitlines() if line.startswith("- ")]
    reasons = [f"{reason['text']}, p = {reason['p_value']:.2g}" for reason in flags[-1]["reasons"][:4]]
    links = [f"`{link['kind']}` of {len(link['accounts'])}: {link['evidence']}" for link in flags[-1]["links"]]
    assert lines == [*reasons, *links]


def test_it_is_one_campaign_of_its_own_accounts(flags: list[dict[str, Any]]) -> None:
    """All sixty, and nobody of the background."""
    assert len({flag["entity"]["value"] for flag in flags}) == 1
    assert len(flags[-1]["members"]) == 60
