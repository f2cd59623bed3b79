"""Export and explain, over a log in SQLite."""

from __future__ import annotations

import gzip
import json
import stat
from typing import TYPE_CHECKING, Literal

import pytest

from service.bootstrap.stores import stores
from service.model.ids import text_id
from service.ports import Commit
from service.settings import Settings
from tests.contracts.factories import a_flag, an_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.cli.conftest import Installation

EVENTS = 3


def seed(here: Installation, content: Literal["full", "redacted", "none"] = "full") -> None:
    """Three events and two flags of them, as a worker with that ``content`` would store them."""
    here.run("db", "upgrade")
    held = stores(Settings(data=here.data, content=content))
    events = [an_event(n) for n in range(EVENTS)]
    ids = tuple(text_id(event.id) for event in events)
    held.checkpoint.commit(Commit(events=events, flags=[a_flag(0, events=ids), a_flag(1), a_flag(2, id="other-1")]))
    held.close()


def test_export(here: Installation, tmp_path: Path) -> None:
    """The log comes out as query records, in a file that is its owner's."""
    seed(here)
    plain, packed = tmp_path / "log.jsonl", tmp_path / "log.jsonl.gz"
    assert here.run("export", str(plain)).exit_code == 0
    assert here.run("export", str(packed)).exit_code == 0
    records = [json.loads(line) for line in plain.read_text().splitlines()]
    assert [record["account"] for record in records] == ["acct-1"] * EVENTS
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert stat.S_IMODE(plain.stat().st_mode) == 0o600


def test_export_overwrites_only_when_told(here: Installation, tmp_path: Path) -> None:
    """A file that is there stays as it is, without ``--force``; nothing is left beside it."""
    seed(here)
    path = tmp_path / "log.jsonl"
    path.write_text("precious")
    refused = here.run("export", str(path))
    assert refused.exit_code == 2
    assert path.read_text() == "precious"
    assert here.run("export", str(path), "--force").exit_code == 0
    assert path.read_text().count("\n") == EVENTS
    assert {found.name for found in tmp_path.iterdir()} == {"data", "log.jsonl"}


def test_export_to_another_form(here: Installation, tmp_path: Path) -> None:
    """The name says the form, so a name of no known form is refused."""
    seed(here)
    result = here.run("export", str(tmp_path / "log.csv"))
    assert result.exit_code == 2
    assert ".jsonl" in result.stderr


def test_explain(here: Installation) -> None:
    """Reasons with their baseline, what speaks against, the rate with its interval, and the events."""
    seed(here)
    out = here.run("explain", "flag-0000").stdout
    flag = a_flag(0)
    assert "volume.output_tokens_1h" in out
    assert "12,000" in out
    assert "81,000 tokens" in out
    assert f"n = {flag.false_positive_rate.n:,}" in out
    assert all(text in out for text in flag.against.values())
    assert out.count("Why is the sky blue?") == EVENTS


def test_explain_by_the_beginning_of_an_id(here: Installation) -> None:
    """A beginning is enough where it is of one flag alone."""
    seed(here)
    assert "flag other-1" in here.run("explain", "oth").stdout
    result = here.run("explain", "flag-0")
    assert result.exit_code == 2
    assert "2 flags begin with 'flag-0': flag-0001, flag-0000" in result.stderr


@pytest.mark.parametrize(("content", "said"), [("none", "not kept"), ("redacted", "redacted: 20 characters")])
def test_explain_shows_no_more_than_was_kept(
    here: Installation, content: Literal["redacted", "none"], said: str
) -> None:
    """Where no text is kept, none is shown."""
    seed(here, content=content)
    out = here.run("explain", "flag-0000").stdout
    assert "sky" not in out
    assert out.count(said) == EVENTS


def test_explain_as_json(here: Installation) -> None:
    """``--json`` is the document of the API."""
    seed(here)
    document = json.loads(here.run("explain", "flag-0000", "--json").stdout)
    assert document["id"] == "flag-0000"
    assert document["reasons"][0]["baseline"] == {"median": 900.0, "p99": 12_000.0, "n": 2_500}


def test_explain_what_is_not_there(here: Installation) -> None:
    """An unknown flag is one line, and what was typed cannot move the cursor."""
    seed(here)
    result = here.run("explain", "\x1b[2Jnone")
    assert result.exit_code == 2
    assert "\x1b" not in result.output
