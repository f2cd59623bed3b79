"""One fault at a time between spool and checkpoint, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis

from service.backends.redis import keys
from service.backends.redis.clearing import clear
from service.backends.redis.client import connect
from service.backends.redis.leases import RedisLeases
from service.backends.redis.source import StreamSource
from service.backends.spool import FINAL, SpoolError
from service.model.query import End, Gap, Mark
from service.ports import StreamNewer, StreamUnavailable
from tests.service.backends.redis.factories import T0, AHost, AReader, flushed, in_order, queries
from tests.service.backends.spool.factories import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.backends.redis.client import Link


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    """The server, to do harm by."""
    with Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def link(valkey_url: str, redis: Redis) -> Iterator[Link]:  # noqa: ARG001 - emptied first
    """The way to it, with one partition published."""
    made = connect(valkey_url)
    RedisLeases(made, "worker", 1).hold()
    yield made
    made.close()


@pytest.fixture
def host(tmp_path: Path, link: Link) -> Iterator[AHost]:
    """A gateway and its shipper."""
    made = AHost(tmp_path / "host", link, segment=700)
    yield made
    made.close()


def a_reader(link: Link, positions: dict[str, int] | None = None) -> AReader:
    """A new owner of the partition."""
    reader = AReader(StreamSource(link, 0, KEY, patience=0.0, hold=(0.0, 0.0)))
    reader.positions = dict(positions or {})
    return reader


def cover(reader: AReader, host: AHost) -> None:
    """A commit, and the shipper's knowledge of it."""
    reader.release()
    assert isinstance(reader.source, StreamSource)
    flushed(reader.source)
    host.ship()


def test_a_newest_entry_lost_by_itself_is_asked_for(host: AHost, link: Link, redis: Redis) -> None:
    """Nothing comes behind it that would show the hole, but ``at`` says that something was there."""
    written = queries(4)
    host.write(*written)
    host.ship()
    redis.delete(keys.stream(0))
    reader = a_reader(link)
    assert not reader.drain()
    host.ship()
    assert reader.drain() == written


def test_a_boot_stays_until_its_end_is_taken(host: AHost, link: Link, redis: Redis) -> None:
    """That it has ended may be lost too, and is asked for again."""
    host.write(*queries(3))
    host.ship()
    reader = a_reader(link)
    reader.drain()
    host.kill()
    host.ship()
    redis.xtrim(keys.stream(0), 0)
    cover(reader, host)
    reader.drain()
    cover(reader, host)
    reader.drain()
    assert set(reader.positions.values()) == {FINAL}
    cover(reader, host)
    assert not list(host.settings.spool.glob("*.ledger"))


def test_a_restored_database_gets_what_the_spool_retains(tmp_path: Path, link: Link) -> None:
    """An owner whose positions went back gets everything beyond them again."""
    host = AHost(tmp_path / "retaining", link, segment=700, retain=3600.0)
    written = queries(30)
    host.write(*written)
    host.ship()
    reader = a_reader(link)
    reader.drain()
    cover(reader, host)
    restored = a_reader(link, {host.boot.name: 11})
    restored.drain()
    assert int(link.one("HGET", keys.covered(0), host.boot.name)) == 11
    host.ship()
    assert restored.drain() == written[11:]
    host.close()


def test_a_boot_that_a_restored_database_never_saw_is_kept(tmp_path: Path, link: Link) -> None:
    """What was covered is not covered any more once it is asked for, so the spool does not let it go."""
    host = AHost(tmp_path / "retaining", link, segment=700, retain=3600.0)
    host.write(*queries(30))
    host.ship()
    reader = a_reader(link)
    reader.drain()
    cover(reader, host)
    assert int(link.one("HGET", keys.covered(0), host.boot.name)) == 60
    a_reader(link).drain()
    assert int(link.one("HGET", keys.covered(0), host.boot.name)) == 0
    host.close()


def test_a_shipper_follows_another_number_of_partitions(host: AHost, link: Link) -> None:
    """What it knew of the partitions before is forgotten: everything goes to where its caller is now."""
    written = queries(6, partitions=2)
    host.write(*written)
    host.ship()
    clear(link, 1)
    RedisLeases(link, "worker", 2).hold()
    host.ship()
    found: list[bytes] = []
    for number in range(2):
        reader = AReader(StreamSource(link, number, KEY, patience=0.0, hold=(0.0, 0.0)))
        found += in_order(reader.drain())
        assert len(found) == 6 * (number + 1)
    assert sorted(found) == sorted(in_order(written))


def test_what_the_spool_has_no_more_is_told_once(host: AHost, link: Link) -> None:
    """Without retention the gap says how many records went, and the rest comes."""
    written = queries(30)
    for number in range(0, 60, 6):
        host.write(*written[number : number + 6])
        host.ship()
    reader = a_reader(link)
    reader.take(40)
    cover(reader, host)
    first = host.shipper._spool.first(host.boot.name)
    assert first > 1
    for _ in range(2):
        restored = a_reader(link)
        restored.drain()
        host.ship()
        restored.drain()
        told = [record.others for record in restored.records if isinstance(record, Gap)]
        rest = [record for record in restored.records if not isinstance(record, Gap)]
        assert rest == written[first - 1 :]
        assert told == [first - 1]
    assert host.shipper._routes[host.boot.name].told == (0, first - 1)


def test_an_entry_of_another_key_becomes_a_gap(host: AHost, link: Link, redis: Redis) -> None:
    """It is asked for once more; then the count that it claims is told and the stream goes on."""
    host.write(*queries(2))
    host.ship()
    spoil(redis)
    reader = a_reader(link)
    assert not reader.drain()
    host.ship()
    spoil(redis)
    (gap,) = reader.drain()
    assert isinstance(gap, Gap)
    assert gap.others == 4
    assert len(reader.source.damage()) == 2
    assert redis.xlen(keys.aside(0)) == 2
    later = queries(1, begin=T0 + 1_000_000)
    host.write(*later)
    host.ship()
    assert reader.drain()[1:] == later


def spoil(redis: Redis) -> None:
    """Turn bits in every entry."""
    found: Any = redis.xrange(keys.stream(0))
    for identifier, fields in found:
        redis.xdel(keys.stream(0), identifier)
        redis.xadd(keys.stream(0), fields | {b"d": fields[b"d"][::-1]})


def test_a_claim_cannot_be_stretched(host: AHost, link: Link, redis: Redis) -> None:
    """The range is sealed with the records: whoever has no key cannot make an owner pass records over."""
    written = queries(2)
    host.write(*written)
    host.ship()
    found: Any = redis.xrange(keys.stream(0))
    identifier, fields = found[-1]
    redis.xdel(keys.stream(0), identifier)
    redis.xadd(keys.stream(0), fields | {b"t": b"0000000000000900"})
    reader = a_reader(link)
    assert not reader.drain()
    host.ship()
    assert reader.drain() == written
    assert set(reader.positions.values()) == {4}


def test_a_newer_entry_is_left_for_a_newer_worker(host: AHost, link: Link, redis: Redis) -> None:
    """What is before it is taken; then the partition is to be given back, and nothing was removed."""
    written = queries(2)
    host.write(*written)
    host.ship()
    redis.xadd(keys.stream(0), {"v": 2, "s": host.boot.name, "f": 4, "t": 6, "c": 0, "e": 0, "n": 1, "d": b"?"})
    reader = a_reader(link)
    assert reader.take() == 4
    assert reader.records == written
    with pytest.raises(StreamNewer, match="upgrade"):
        reader.take()
    found: Any = redis.xrange(keys.stream(0))
    assert [fields[b"v"] for _, fields in found[-2:]] == [b"1", b"2"]


def test_one_shipper_a_folder(host: AHost, link: Link) -> None:
    """The second refuses to start."""
    with pytest.raises(SpoolError, match="another shipper"):
        host.shipper_of(link)


def test_a_server_that_is_gone_stops_nothing_for_good(tmp_path: Path) -> None:
    """The shipper says what is wrong and does not raise; a source says that it cannot be asked."""
    gone = connect("redis://:secret@127.0.0.1:1/0")
    away = AHost(tmp_path / "away", gone)
    away.write(*queries(1))
    away.ship()
    said = away.shipper.trouble() or ""
    assert "cannot be reached" in said
    assert "secret" not in said
    with pytest.raises(StreamUnavailable):
        a_reader(gone).take()
    away.close()


def test_order_does_not_depend_on_shipping(tmp_path: Path, link: Link) -> None:
    """Records of two gateways come by their time, whoever was shipped first; a quiet one says how far it is."""
    first, second = AHost(tmp_path / "1", link), AHost(tmp_path / "2", link)
    for each in (first, second):
        each.mark(T0 - 1)
        each.ship()
    early, late = queries(5), queries(5, begin=T0 + 400)
    reader = a_reader(link)
    second.write(*late)
    second.ship()
    assert not reader.drain()
    first.write(*early, Mark(T0 + 10_000))
    first.ship()
    second.mark(T0 + 10_000)
    second.ship()
    ends = [record.at for record in reader.drain() if isinstance(record, End)]
    assert len(ends) == 10
    assert ends == sorted(ends)
    first.close()
    second.close()
