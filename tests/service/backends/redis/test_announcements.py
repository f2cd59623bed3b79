"""A gateway that begins is known to whoever reads the stream before anything of it could come too late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.backends.redis import keys
from service.backends.redis.client import connect
from service.backends.redis.leases import RedisLeases
from service.backends.redis.source import StreamSource
from service.backends.spool import FINAL
from service.backends.spool.announced import is_announced
from service.model.query import Gap
from tests.service.backends.redis.factories import T0, AHost, AReader, queries
from tests.service.backends.spool.factories import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis

    from service.backends.redis.client import Link

PARTITIONS = 2


@pytest.fixture
def link(valkey_url: str) -> Iterator[Link]:
    """The way to a server with two partitions, which is otherwise empty."""
    made = connect(valkey_url)
    server: Redis = made.servers()[0]
    server.flushall()
    RedisLeases(made, "worker", PARTITIONS).hold()
    yield made
    made.close()


@pytest.fixture
def hosts(tmp_path: Path, link: Link) -> Iterator[list[AHost]]:
    """Two gateways with their shippers."""
    made = [AHost(tmp_path / name, link) for name in ("1", "2")]
    yield made
    for host in made:
        host.close()


def a_reader(link: Link, **options: Any) -> AReader:
    """A new owner of the first partition."""
    return AReader(StreamSource(link, 0, KEY, hold=(0.0, 0.0), **options))


def entries(link: Link, number: int = 0) -> list[tuple[str, int, int]]:
    """Source and range of each entry of a partition, in the stream's order."""
    found = link.one("XRANGE", keys.stream(number), "-", "+")
    return [(fields[b"s"].decode(), int(fields[b"f"]), int(fields[b"t"])) for _, fields in found]


def test_a_boot_is_announced_before_it_has_logged_anything(hosts: list[AHost], link: Link) -> None:
    """Every partition has an entry over nothing, and then the gateway is told."""
    host = hosts[0]
    assert not is_announced(host.settings.spool, host.boot.name)
    host.ship()
    for number in range(PARTITIONS):
        assert entries(link, number) == [(host.boot.name, 0, 0)]
    assert is_announced(host.settings.spool, host.boot.name)


def test_an_announced_boot_holds_the_others_up(hosts: list[AHost], link: Link) -> None:
    """What others log after its announcement waits for its first word, and comes behind what it says of before."""
    first, second = hosts
    first.mark(T0 - 1)
    first.ship()
    second.ship()
    reader = a_reader(link, patience=0.0)
    later = queries(2, begin=T0 + 5_000, partitions=PARTITIONS)
    first.write(*later)
    first.mark(T0 + 9_000)
    first.ship()
    assert not reader.drain()
    earlier = queries(2, begin=T0, partitions=PARTITIONS)
    second.write(*earlier)
    second.mark(T0 + 9_000)
    second.ship()
    assert reader.drain() == earlier[:2] + later[:2]


def test_a_boot_has_not_ended_before_its_successor_is_known(hosts: list[AHost], link: Link) -> None:
    """Whoever reads the last word of the one knows the other; also where its first announcement was lost."""
    host = hosts[0]
    host.write(*queries(2, partitions=PARTITIONS))
    host.ship()
    before = host.boot.name
    host.restart()
    host.ship()
    found = entries(link)
    assert found.index((host.boot.name, 0, 0)) < next(
        i for i, e in enumerate(found) if e[0] == before and e[2] == FINAL
    )
    link.one("HDEL", keys.shipped(0), host.boot.name)
    link.one("XTRIM", keys.stream(0), "MAXLEN", 0)
    host.restart()
    host.ship()
    known = [source for source, _, end in entries(link) if end < FINAL]
    assert known == host.names[1:]


def test_a_partition_that_cannot_be_told_hears_no_end(
    hosts: list[AHost], link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a new boot cannot be announced there, nothing of the older goes there either, and the gateway waits."""
    host = hosts[0]
    host.write(*queries(2, partitions=PARTITIONS))
    host.ship()
    before = entries(link, 1)
    link.one("RENAME", keys.stream(1), "rv:{1}:away")
    link.one("SET", keys.stream(1), "of another type")
    host.restart()
    host.ship()
    assert not is_announced(host.settings.spool, host.boot.name)
    link.one("RENAME", "rv:{1}:away", keys.stream(1))
    assert entries(link, 1) == before
    monkeypatch.setattr("service.backends.redis.backoff.Backoff.ready", lambda *_: True)
    host.ship()
    assert is_announced(host.settings.spool, host.boot.name)
    assert entries(link, 1)[len(before)] == (host.boot.name, 0, 0)


def test_an_owner_that_begins_gives_every_shipper_time(hosts: list[AHost], link: Link) -> None:
    """What is there at its beginning waits until whoever was away with the stream had time to be back."""
    first, second = hosts
    now = 0.0
    first.write(*queries(2, begin=T0 + 5_000, partitions=PARTITIONS))
    first.mark(T0 + 9_000)
    first.ship()
    reader = a_reader(link, patience=6.0, clock=lambda: now)
    for _ in range(3):
        now += 1.0
        assert not reader.take()
    second.write(*queries(2, begin=T0, partitions=PARTITIONS))
    second.mark(T0 + 9_000)
    second.ship()
    while not reader.take():
        now += 1.0
    assert now > 6.0
    assert [record.at for record in reader.records if not isinstance(record, Gap)] == [
        T0,
        T0 + 500,
        T0 + 5_000,
        T0 + 5_500,
    ]
