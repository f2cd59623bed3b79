"""Evidence and audit on the command line."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

from service.bootstrap.stores import stores
from service.ports import Commit
from service.settings import Settings
from tests.contracts.factories import a_flag, an_evaluation, an_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.cli.conftest import Installation

EVENTS = 4
BLOCK = ("decision", "add", "--value", "acct-1", "--kind", "block", "--reason", "case 17")


def seed(here: Installation) -> None:
    """A flag of an account with four queries, three of them completed before it was raised."""
    here.run("db", "upgrade")
    held = stores(Settings(data=here.data))
    events = [an_event(n) for n in range(EVENTS)]
    flag = a_flag(flagged_at=events[2].done)
    held.checkpoint.commit(Commit(events=events, flags=[flag], evaluations=[an_evaluation()]))
    held.close()


def test_the_archive_holds_what_the_flag_rests_on(here: Installation, tmp_path: Path) -> None:
    """For its maker alone, replayable, and noted in the audit log before it is written."""
    seed(here)
    here.run(*BLOCK)
    path = tmp_path / "case.zip"
    made = here.run("evidence", "flag-0", "--out", str(path), "--reason", "appeal of 3 May")
    assert made.exit_code == 0, made.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert json.loads(archive.read("flag.json"))["id"] == "flag-0000"
        assert [made["kind"] for made in json.loads(archive.read("decisions.json"))] == ["block"]
        assert len(archive.read("events.jsonl").splitlines()) == 3
        assert json.loads(archive.read("baseline.json"))["account_days"] > 0
        (tmp_path / "events.jsonl").write_bytes(archive.read("events.jsonl"))
    replayed = here.run("replay", str(tmp_path / "events.jsonl"), "--flags", str(tmp_path / "flags.jsonl"))
    assert replayed.exit_code == 0, replayed.stderr
    assert "appeal of 3 May" in here.run("audit", "list").stdout
    assert here.run("evidence", "--check", str(path)).exit_code == 0


def test_a_changed_archive_is_found_out(here: Installation, tmp_path: Path) -> None:
    """And what is no archive is refused."""
    seed(here)
    path = tmp_path / "case.zip"
    here.run("evidence", "flag-0", "--out", str(path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.json", "{}")
    checked = here.run("evidence", "--check", str(path))
    assert checked.exit_code == 2
    assert "more.json" in checked.stderr
    path.write_bytes(b"no zip")
    assert here.run("evidence", "--check", str(path)).exit_code == 2


def test_nothing_is_overwritten_or_packed_without_a_flag(here: Installation, tmp_path: Path) -> None:
    """One sentence says what is missing."""
    seed(here)
    path = tmp_path / "case.zip"
    path.write_text("precious")
    for words in (("evidence",), ("evidence", "nothing"), ("evidence", "flag-0", "--out", str(path))):
        assert here.run(*words).exit_code == 2
    assert path.read_text() == "precious"


def test_texts_are_read_for_a_reason(here: Installation, tmp_path: Path) -> None:
    """Where texts are kept, an archive needs one."""
    seed(here)
    config = tmp_path / "revenuer.yaml"
    config.write_text("content: full\n")
    refused = here.run("evidence", "flag-0", "--config", str(config))
    assert refused.exit_code == 2
    assert "--reason" in refused.stderr


def test_decisions_and_tokens_are_in_the_audit_log(here: Installation) -> None:
    """By the user who ran the command, and the log verifies."""
    decision = here.run(*BLOCK).stdout.strip()
    here.run("token", "create", "--role", "viewer", "--note", "dashboard")
    here.run("decision", "remove", decision)
    listed = here.run("audit", "list").stdout
    for action in ("decision.made", "token.made", "decision.removed"):
        assert action in listed
    assert "system:" in listed
    assert here.run("audit", "verify").exit_code == 0
    assert here.run("audit", "head").stdout.startswith("3 ")


def test_a_changed_audit_log_fails_to_verify(here: Installation) -> None:
    """With the entry that was changed."""
    here.run(*BLOCK)
    here.run(*BLOCK)
    with closing(sqlite3.connect(here.data / "revenuer.db")) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'system:nobody' WHERE number = 1")
    verified = here.run("audit", "verify")
    assert verified.exit_code == 1
    assert "entry 1" in verified.stdout


def test_less_of_the_texts_may_be_packed_and_never_more(here: Installation, tmp_path: Path) -> None:
    """Under full content an archive can be without a word of any text, or without a trace of one."""
    here.run("db", "upgrade")
    config = here.data / "revenuer.yaml"
    config.write_text("content: full\n", encoding="utf-8")
    held = stores(Settings(data=here.data, content="full"))
    event = an_event(0)
    held.checkpoint.commit(Commit(events=[event], flags=[a_flag(flagged_at=event.done)]))
    held.close()
    packed = {}
    for level in ("none", "redacted", "full"):
        path = tmp_path / f"{level}.zip"
        words = ("--content", level, "--out", str(path), "--config", str(config), "--reason", "case 17")
        made = here.run("evidence", "flag-0", *words)
        assert made.exit_code == 0, made.output
        with zipfile.ZipFile(path) as archive:
            packed[level] = json.loads(archive.read("events.jsonl"))
    assert packed["none"].get("request") is None
    assert set(packed["redacted"]["request"]) == {"redacted"}
    assert "redacted" not in packed["full"]["request"]
    assert packed["full"]["id"] == packed["none"]["id"]
    refused = here.run("evidence", "flag-0", "--content", "full", "--out", str(tmp_path / "more.zip"), "--reason", "x")
    assert refused.exit_code == 2
    assert "the log keeps 'redacted'" in refused.stderr
