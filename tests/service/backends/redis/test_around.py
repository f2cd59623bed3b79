"""What goes beside the records: decisions to every host, backlogs, and what a doctor says of the servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis

from service.backends.decisions_file import DecisionsFile, encode
from service.backends.redis import keys
from service.backends.redis.checks import findings
from service.backends.redis.client import connect
from service.backends.redis.decisions import DecisionsFetcher, SharedDecisions
from service.backends.redis.leases import RedisLeases
from service.backends.redis.status import backlogs
from service.backends.seal import AesSeal, SealError
from service.backends.sql import schema
from service.backends.sql.decisions import SqlDecisions
from service.backends.sql.dialect import connect as open_database
from service.backends.witness import Witness
from service.ports import StreamUnavailable
from tests.contracts.factories import AN_ACT, a_decision
from tests.servers.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.backends.redis.client import Link
    from tests.servers.valkey import Cluster


@pytest.fixture
def link(valkey_url: str) -> Iterator[Link]:
    """An empty stream."""
    made = connect(valkey_url)
    yield made
    made.close()


@pytest.fixture
def decisions(tmp_path: Path, link: Link) -> Iterator[SharedDecisions]:
    """The control plane's store."""
    url = f"sqlite:///{tmp_path / 'control.db'}"
    schema.upgrade(url)
    engine = open_database(url)
    yield SharedDecisions(SqlDecisions(engine, tmp_path / "control.json", Witness(tmp_path / "audit-heads")), link)
    engine.dispose()


def test_a_decision_reaches_every_host(decisions: SharedDecisions, link: Link, tmp_path: Path) -> None:
    """What is added, and that it was removed; a look without news writes nothing."""
    hosts = [DecisionsFetcher(link, tmp_path / name / "decisions.json") for name in ("a", "b")]
    decision = a_decision()
    decisions.add(decision, AN_ACT)
    assert [host.fetch() for host in hosts] == [True, True]
    assert [host.fetch() for host in hosts] == [False, False]
    assert DecisionsFile(tmp_path / "a" / "decisions.json").all() == [decision]
    decisions.remove(decision.id, AN_ACT)
    assert hosts[0].fetch()
    assert not DecisionsFile(tmp_path / "a" / "decisions.json").all()


def test_a_wipe_lifts_no_decision(decisions: SharedDecisions, link: Link, tmp_path: Path, valkey_url: str) -> None:
    """The host keeps what it has, and the control plane publishes it again."""
    fetcher = DecisionsFetcher(link, tmp_path / "decisions.json")
    decisions.add(a_decision(), AN_ACT)
    fetcher.fetch()
    with Redis.from_url(valkey_url) as redis:
        redis.flushdb()
    assert not fetcher.fetch()
    assert DecisionsFile(tmp_path / "decisions.json").all() == [a_decision()]
    decisions.tend()
    assert link.one("HGET", keys.DECISIONS, "d") == encode([a_decision()])


def test_what_cannot_be_obeyed_is_not_written(link: Link, tmp_path: Path, valkey_url: str) -> None:
    """A document of another version leaves the one in force where it is."""
    fetcher = DecisionsFetcher(link, tmp_path / "decisions.json")
    with Redis.from_url(valkey_url) as redis:
        redis.hset(keys.DECISIONS, mapping={"v": "1", "d": '{"v": 99, "decisions": []}'})
    assert not fetcher.fetch()
    assert not (tmp_path / "decisions.json").exists()


def test_a_backlog_tells_who_and_how_much(link: Link) -> None:
    """Entries without records do not count as waiting."""
    RedisLeases(link, "worker-7", 2).hold()
    for count in (0, 3):
        link.one("XADD", keys.stream(1), "1000-*", "n", count, "d", b"x" * 500)
    idle, busy = backlogs(link, [0, 1])
    assert (idle.owner, idle.entries, idle.oldest, idle.bytes) == ("worker-7", 0, 0.0, 0)
    assert busy.entries == 2
    assert busy.oldest > 1e9
    assert busy.bytes > 500


def test_a_sound_server_is_said_to_be_sound(valkey_url: str) -> None:
    """Set up as production should be, nothing about it is bad."""
    link = connect(valkey_url)
    assert not [finding for finding in findings(link) if finding.bad]
    link.close()


def test_a_server_that_would_lose_entries_is_told() -> None:
    """An evicting policy and a missing append-only file, each with what to do."""
    with Valkey(options=("maxmemory-policy", "allkeys-lru", "appendonly", "no", "maxmemory", "64mb")) as server:
        link = connect(server.url())
        bad = {finding.name: finding.advice for finding in findings(link) if finding.bad}
        link.close()
    assert set(bad) == {"stream eviction", "stream persistence"}
    assert all(bad.values())


def test_a_server_that_is_gone_is_one_finding() -> None:
    """And nothing of its password."""
    (finding,) = findings(connect("redis://:secret@127.0.0.1:1/0"))
    assert finding.bad
    assert "secret" not in finding.found + finding.advice


def test_one_lost_node_costs_its_own_slots(own_cluster: Cluster) -> None:
    """The other partitions go on answering."""
    for node in own_cluster.nodes:
        node.call("CONFIG", "SET", "cluster-require-full-coverage", "no")
    link = connect(own_cluster.url())
    commands = [("SET", keys.lease(number), "x") for number in range(16)]
    assert link.run(commands) == [True] * 16
    own_cluster.nodes[2].kill9()
    answers = link.run(commands)
    assert 0 < sum(isinstance(answer, StreamUnavailable) for answer in answers) < 16
    link.close()


def test_a_seal_binds_its_context() -> None:
    """What was sealed in one place opens in no other."""
    seal = AesSeal(bytes(32))
    assert seal.open(seal.seal(b"plain", b"here"), b"here") == b"plain"
    with pytest.raises(SealError):
        seal.open(seal.seal(b"plain", b"here"), b"there")
