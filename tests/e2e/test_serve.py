"""``revenuer serve`` as an operator lives with it: children that die, stops, restarts, decisions that hold."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from service.bootstrap.stores import stores
from tests.e2e.system import System, listening, until
from tests.e2e.upstream import standin

pytestmark = pytest.mark.xdist_group("processes")


def ask(system: System, *, key: str = "sk-test-1", text: str = "hello") -> int:
    """The status of one chat query."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.listen}/v1/chat/completions",
        data=body,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - always http
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.read()
        return error.code


def children(system: System) -> dict[str, int]:
    """Role -> process id of the running children."""
    assert system.process is not None
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == system.process.pid and b"service.roles" in command:
            found[command[-2].decode()] = int(entry.name)
    return found


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    """Gateway and worker come back after kill -9, and every answered query is in the log once."""
    with standin() as upstream, System(tmp_path / "data", upstream) as system:
        assert ask(system) == 200
        before = children(system)
        assert set(before) >= {"gateway", "worker", "control"}
        held = stores(system.settings)
        # An end that was not synced when its gateway was killed would leave the query open for ten minutes.
        until(lambda: held.records.counts()["events"] == 1, "the query is in the log")
        for role in ("worker", "gateway"):
            os.kill(before[role], signal.SIGKILL)
        until(lambda: children(system).keys() >= before.keys(), "the children are back")
        until(lambda: listening(system.listen), "the gateway listens again")
        assert ask(system) == 200
        until(lambda: held.records.counts()["events"] >= 2, "both queries are in the log")
        assert held.records.counts()["events"] == 2
        held.close()


def test_stopping_is_clean_and_loses_nothing(tmp_path: Path) -> None:
    """SIGTERM ends everything with status 0; a start on the same data finds all of it."""
    with standin() as upstream:
        with System(tmp_path / "data", upstream) as system:
            assert ask(system) == 200
            assert system.stop() == 0
            assert not listening(system.listen)
        with System(tmp_path / "data", upstream) as again:
            held = stores(again.settings)
            until(lambda: held.records.counts()["events"] == 1, "the query is in the log")
            held.close()


def test_children_follow_their_parent(tmp_path: Path) -> None:
    """When the parent is killed outright, no child stays behind with the ports."""
    with standin() as upstream, System(tmp_path / "data", upstream) as system:
        assert system.process is not None
        system.process.kill()
        system.process.wait()
        until(lambda: not listening(system.listen) and not listening(system.control), "both ports are free")


def test_a_decision_is_obeyed_and_holds(tmp_path: Path) -> None:
    """A block by the command line refuses the caller within a moment, also after a restart without a database."""
    with standin() as upstream:
        with System(tmp_path / "data", upstream) as system:
            digest = system.run("key", "digest", stdin="sk-test-1").strip()
            account = f"key-{digest}"
            system.run(
                "decision", "add", "--scope", "account", "--value", account, "--kind", "block", "--reason", "test"
            )
            until(lambda: ask(system) == 403, "the block is obeyed")
            assert ask(system, key="sk-test-2") == 200
        (tmp_path / "data" / "revenuer.db").rename(tmp_path / "elsewhere.db")
        with System(tmp_path / "data", upstream) as again:
            deadline = time.monotonic() + 2
            while time.monotonic() < deadline:
                assert ask(again) == 403
