"""The doctor looks at the servers, too: at what would lose something or hold someone up, before it does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from service.backends.decisions_file import publish
from tests.ports import free_port
from tests.servers.postgres import execute
from tests.servers.valkey import Valkey
from tests.service.api.factories import a_decision
from tests.service.cli.conftest import run

if TYPE_CHECKING:
    from pathlib import Path


def checks(data: Path, *, database: str = "", stream: str = "spool:") -> dict[str, dict[str, Any]]:
    """The checks by name."""
    words = ["--data", str(data), "--stream", stream, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
    words += ["--database", database] if database else []
    result = run("doctor", "--json", *words)
    return {check["name"]: check for check in json.loads(result.stdout)}


def test_a_valkey_as_it_should_be(own_valkey: Valkey, tmp_path: Path) -> None:
    """Version, eviction, persistence and clock are well; that nobody has set its memory's bound is worth a word."""
    found = checks(tmp_path, stream=own_valkey.url())
    named = ("stream", "stream version", "stream eviction", "stream persistence", "stream clock")
    assert {found[name]["state"] for name in named} == {"ok"}
    assert found["database and stream"]["state"] == "note"
    assert found["stream partitions"]["state"] == "note"


def test_a_valkey_that_forgets(tmp_path: Path) -> None:
    """One that evicts or has no append-only file is bad, each with what to do."""
    with Valkey(options=("maxmemory-policy", "allkeys-lru", "maxmemory", "64mb", "appendonly", "no")) as server:
        found = checks(tmp_path, stream=server.url())
    assert (found["stream eviction"]["state"], found["stream persistence"]["state"]) == ("bad", "bad")
    assert "noeviction" in found["stream eviction"]["advice"]
    assert "appendonly yes" in found["stream persistence"]["advice"]


@pytest.mark.parametrize("scheme", ["redis", "postgresql"])
def test_a_server_that_is_not_there(scheme: str, tmp_path: Path) -> None:
    """It is bad, and nothing shows its password."""
    url = f"{scheme}://u:hunter2@127.0.0.1:{free_port()}/{'0' if scheme == 'redis' else 'revenuer'}"
    found = checks(tmp_path, stream=url) if scheme == "redis" else checks(tmp_path, database=url)
    assert found["stream" if scheme == "redis" else "database"]["state"] == "bad"
    assert "hunter2" not in json.dumps(found)


def test_a_postgres(postgres_url: str, tmp_path: Path) -> None:
    """Version, clock and the log's days are well; a day that is missing is bad, and a row without one is told."""
    found = checks(tmp_path, database=postgres_url)
    assert {found[name]["state"] for name in ("database", "database version", "database clock", "log days")} == {"ok"}
    days = execute(
        postgres_url, "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event_text'::regclass"
    )
    execute(
        postgres_url,
        *(f"DROP TABLE {name}" for (name,) in days if not name.endswith("default")),
        "INSERT INTO events (id, done, took, ttft, account, stream, status, text_length, request_bytes, response_bytes)"
        " VALUES ('\\x00000000000000000000000000000001', 1, 1, 1, 1, false, 200, 0, 0, 0)",
    )
    found = checks(tmp_path, database=postgres_url)
    assert found["log days"]["state"] == "bad"
    assert found["log rows without a day"]["found"].startswith("1:")


def test_decisions_that_were_not_fetched(own_valkey: Valkey, tmp_path: Path) -> None:
    """A file that is not what the control plane published is bad."""
    publish(tmp_path / "decisions.json", [a_decision()])
    assert checks(tmp_path, stream=own_valkey.url())["decisions"]["state"] == "ok"
    own_valkey.call("HSET", "rv:{g}:decisions", "v", "another")
    assert checks(tmp_path, stream=own_valkey.url())["decisions"]["state"] == "bad"
