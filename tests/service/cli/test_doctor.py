from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from service.backends.spool.folder import claim
from service.probes import PATIENCE
from tests.service.cli.conftest import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.service.cli.conftest import Installation


@pytest.fixture
def taken() -> Iterator[str]:
    """An address that another process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def started(here: Installation) -> Installation:
    """An installation that was started and stopped again."""
    here.run("token", "create", "--role", "admin")
    return here


def checks(here: Installation, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code and checks by name; ports are the system's choice unless given."""
    ports = [word for name in ("--listen", "--control") if name not in words for word in (name, "127.0.0.1:0")]
    result = run("doctor", "--json", "--data", str(here.data), *ports, *words)
    return result.exit_code, {check["name"]: check for check in json.loads(result.stdout)}


def test_before_the_first_start(here: Installation) -> None:
    """Nothing is wrong with what is not there yet, and looking makes nothing."""
    code, found = checks(here)
    assert code == 0, found
    assert found["data folder"]["state"] == "note"
    assert not here.data.exists()


def test_a_sound_installation(started: Installation) -> None:
    """All is well: no check is bad."""
    code, found = checks(started)
    assert code == 0, found
    assert {found[name]["state"] for name in ("settings", "data folder", "secrets", "database", "spool")} == {"ok"}


def test_for_people(started: Installation) -> None:
    """Each check is a line with its sign, and what to do below it."""
    started.data.chmod(0o755)
    result = run("doctor", "--data", str(started.data), "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0")
    assert result.exit_code == 1
    assert f"✗ data folder: {started.data} is open to others, mode 0755\n    chmod 700 {started.data}" in result.stdout
    assert "✓ database" in result.stdout


def test_a_secret_open_to_others(started: Installation) -> None:
    """It is bad, with the command that mends it."""
    (started.data / "secrets" / "pepper").chmod(0o644)
    code, found = checks(started)
    assert code == 1
    assert "chmod 600" in found["secrets"]["found"]


def test_a_damaged_database(started: Installation) -> None:
    """A file that is no database is bad, and the doctor lives on."""
    (started.data / "revenuer.db").write_bytes(b"no database" * 1000)
    code, found = checks(started)
    assert code == 1
    assert found["database"]["state"] == "bad"


def test_an_old_schema(started: Installation) -> None:
    """A schema that is not this version's is bad."""
    assert started.run("db", "downgrade", "base", "--yes").exit_code == 0
    code, found = checks(started)
    assert (code, found["database"]["state"]) == (1, "bad")
    assert started.run("db", "upgrade").exit_code == 0
    assert checks(started)[1]["database"]["state"] == "ok"


def test_quarantine(started: Installation) -> None:
    """What the spool put in quarantine is counted in bytes."""
    folder = started.data / "spool" / "quarantine"
    folder.mkdir(parents=True)
    (folder / "piece").write_bytes(bytes(4096))
    code, found = checks(started)
    assert code == 1
    assert "4,096 bytes" in found["spool"]["found"]


@pytest.mark.parametrize(("name", "option"), [("data port", "--listen"), ("control port", "--control")])
def test_a_port_of_someone_else(started: Installation, taken: str, name: str, option: str) -> None:
    """A port that another process has is bad."""
    code, found = checks(started, option, taken)
    assert (code, found[name]["state"]) == (1, "bad")
    assert "in use" in found[name]["found"]


def test_a_gateway_that_runs_alone(started: Installation, taken: str) -> None:
    """The spool's lock tells that the gateway runs and has its port; the missing ones are named."""
    lock = claim(started.data / "spool")
    try:
        code, found = checks(started, "--listen", taken)
    finally:
        os.close(lock)
    assert code == 1
    assert found["data port"]["state"] == "ok"
    assert found["processes"]["found"].startswith("control, worker not running")


def test_upstream(started: Installation, taken: str) -> None:
    """An upstream that takes a connection is fine, one that refuses it is bad."""
    _, reached = checks(started, "--upstream", f"http://{taken}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = f"http://127.0.0.1:{server.getsockname()[1]}"
    code, refused = checks(started, "--upstream", gone)
    assert reached["upstream"]["state"] == "ok"
    assert (code, refused["upstream"]["state"]) == (1, "bad")
    assert "refused" in refused["upstream"]["found"]


def test_an_upstream_that_says_nothing(started: Installation, taken: str) -> None:
    """TLS towards what does not speak it ends, and is bad."""
    code, found = checks(started, "--upstream", f"https://{taken}")
    assert (code, found["upstream"]["state"]) == (1, "bad")
    assert f"{PATIENCE:g} s" in found["upstream"]["found"]


def test_data_from_the_future(started: Installation) -> None:
    """Files ahead of the clock mean that one of the two is wrong."""
    ahead = time.time() + 86_400
    os.utime(started.data / "revenuer.db", (ahead, ahead))
    code, found = checks(started)
    assert (code, found["clock"]["state"]) == (1, "bad")


def test_a_damaged_baseline_of_its_own(started: Installation) -> None:
    """What the worker would pass over and learn anew is found here."""
    (started.data / "baseline.npz").write_bytes(b"no baseline")
    code, found = checks(started)
    assert (code, found["baseline"]["state"]) == (1, "bad")
    assert "baseline.npz" in found["baseline"]["found"]


def test_a_mistyped_variable(started: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that means nothing is worth a word."""
    monkeypatch.setenv("REVENUER_LISTN", "127.0.0.1:1")
    assert checks(started)[1]["environment"]["advice"] == "did you mean REVENUER_LISTEN?"


def test_wrong_settings(tmp_path: Path) -> None:
    """With settings that cannot be used there is nothing else to look at."""
    path = tmp_path / "revenuer.yaml"
    path.write_text("contnet: full")
    result = run("doctor", "--json", "--config", str(path))
    (check,) = json.loads(result.stdout)
    assert result.exit_code == 1
    assert "did you mean 'content'?" in check["found"]


def test_an_identity_map_that_cannot_be_used(started: Installation, tmp_path: Path) -> None:
    """It is bad, with file and line; one that can be used is counted."""
    names, config = tmp_path / "callers.yaml", tmp_path / "revenuer.yaml"
    config.write_text(f"identity:\n  map: {names}\n")
    names.write_text("keys:\n  sk-canary: {account: a}\n")
    _, found = checks(started, "--config", str(config))
    assert found["identity map"]["state"] == "bad"
    assert f"{names}:2: not a key digest" in found["identity map"]["found"]
    assert "sk-canary" not in found["identity map"]["found"]
    names.write_text(f"keys:\n  {'ab' * 16}: {{account: a}}\n")
    _, found = checks(started, "--config", str(config))
    assert found["identity map"]["found"] == f"{names} is sound, keys named: 1"
