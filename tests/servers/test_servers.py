"""The launcher itself: servers start, keep what they confirmed through kill -9, and are not root's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from redis import RedisCluster

from tests.servers import binaries, running
from tests.servers.postgres import execute

if TYPE_CHECKING:
    from tests.servers.postgres import Postgres
    from tests.servers.valkey import Cluster, Valkey

SYNCED = ("appendfsync", "always")
"""Synced every second, a server whose disk is busy may put off even the writing of what it has confirmed."""


def test_postgres_keeps_what_it_confirmed(own_postgres: Postgres) -> None:
    """Through kill -9 of all its processes, on the same port and folder."""
    own_postgres.execute("CREATE TABLE t (n int)", "INSERT INTO t VALUES (7)")
    own_postgres.kill9()
    own_postgres.start()
    assert own_postgres.execute("SELECT n FROM t") == [[7]]
    own_postgres.restart()
    assert own_postgres.execute("SELECT n FROM t") == [[7]]


def test_valkey_keeps_what_it_confirmed_until_wiped(own_valkey: Valkey) -> None:
    """A kill loses nothing of an append-only file; a wipe all of it."""
    own_valkey.call("CONFIG", "SET", *SYNCED)
    own_valkey.call("SET", "a", "1")
    own_valkey.kill9()
    own_valkey.start()
    assert own_valkey.call("GET", "a") == "1"
    own_valkey.wipe()
    assert own_valkey.call("GET", "a") is None


def test_a_cluster_serves_every_slot(own_cluster: Cluster) -> None:
    """Keys of all three nodes, and again after one of them was killed."""
    for node in own_cluster.nodes:
        node.call("CONFIG", "SET", *SYNCED)
    with RedisCluster.from_url(own_cluster.url(), decode_responses=True) as client:
        for n in range(30):
            client.set(f"key-{n}", n)
        own_cluster.nodes[1].kill9()
        own_cluster.nodes[1].start()
        own_cluster.wait()
        assert [client.get(f"key-{n}") for n in range(30)] == [str(n) for n in range(30)]


def test_servers_are_nobody_s_when_root_runs_the_tests(own_valkey: Valkey, own_postgres: Postgres) -> None:
    """Neither process is root's, and neither folder is open to others."""
    for server in (own_valkey, own_postgres):
        process = server._process
        assert os.stat(f"/proc/{process.pid}").st_uid != 0  # noqa: PTH116 - the process's owner, not a file
        assert process.folder.stat().st_mode & 0o077 == 0


def test_each_test_has_a_database_of_its_own(postgres_url: str) -> None:
    """With this version's tables, of which none has rows."""
    assert execute(postgres_url, "SELECT count(*) FROM names") == [[0]]
    assert running.postgres() != postgres_url


def test_without_any_server_one_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, and no test is passed over."""
    monkeypatch.setenv("REVENUER_TEST_SERVERS", binaries.SYSTEM)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(binaries, "_debian", list)
    with pytest.raises(binaries.NoServerError, match="make install"):
        binaries.postgres()
    with pytest.raises(binaries.NoServerError, match="redis-server"):
        binaries.valkey()
