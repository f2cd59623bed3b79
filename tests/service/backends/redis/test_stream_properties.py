"""Shippers, stream and owners against a model, while everything between spool and checkpoint is lost or repeated.

The model is short: what gateways logged, and where the checkpoint stands. Whatever happens to Redis, shippers and
owners, each partition's records come out once and in each source's order, and no spool forgets what is not covered.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from redis import Redis

from service.backends.redis import keys, shipper
from service.backends.redis.client import connect
from service.backends.redis.entries import parse
from service.backends.redis.leases import RedisLeases
from service.backends.redis.source import StreamSource
from service.backends.spool import SpoolReader
from service.model.ids import partition_of
from service.model.query import End, Mark, Start
from tests.servers import running
from tests.service.backends.redis.factories import T0, AHost, AReader, a_start, an_end_of, flushed
from tests.service.backends.spool.factories import KEY

if TYPE_CHECKING:
    from service.model.query import Record

HOSTS = 2
PARTITIONS = 3
SEGMENT = 700
"""Bytes, so that a few records fill one and releases have something to take."""
ROUNDS = 12
"""Times that everybody is asked to go on, after which nothing may be missing."""

hosts = st.integers(0, HOSTS - 1)
partitions = st.integers(0, PARTITIONS - 1)


class Stream(RuleBasedStateMachine):
    """Two gateways' hosts, three partitions."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="stream-"))
        url = running.valkey()
        self.link, self.redis = connect(url), Redis.from_url(url)
        self.young = shipper.YOUNG
        self.now = T0
        self.logged: dict[int, dict[str, list[Start | End]]] = {p: defaultdict(list) for p in range(PARTITIONS)}
        self.copy: dict[bytes, bytes] = {}
        self.stale: list[tuple[StreamSource, dict[str, int]]] = []
        self.spoilt: set[tuple[int, str, int]] = set()
        """Partition, source and start of ranges that were spoilt: what comes unreadable twice is given up."""

    @initialize(young=st.sampled_from([30.0, -1.0]))
    def begin(self, young: float) -> None:
        """Shippers may take a new boot as their own business, or have to ask for every one."""
        shipper.YOUNG = young
        RedisLeases(self.link, "worker", PARTITIONS).hold()
        self.hosts = [AHost(self.folder / str(n), self.link, segment=SEGMENT) for n in range(HOSTS)]
        self.readers = [AReader(self.source(p)) for p in range(PARTITIONS)]

    def source(self, partition: int) -> StreamSource:
        """A new owner's."""
        return StreamSource(self.link, partition, KEY, patience=0.0, hold=(0.0, 0.0))

    def place(self, partition: int, fields: dict[bytes, bytes]) -> tuple[int, str, int]:
        """Where the range of an entry begins."""
        entry = parse(fields)
        return partition, entry.source, entry.start

    # What happens

    @rule(host=hosts, count=st.integers(1, 6), partition=partitions)
    def log(self, host: int, count: int, partition: int) -> None:
        """The gateway logs queries of several callers, and its time."""
        records: list[Record] = []
        for number in range(count):
            self.now += 1000
            start = a_start(self.now, partition=(partition + number) % PARTITIONS, partitions=PARTITIONS)
            records += [start, an_end_of(start, self.now + 500)]
        records.append(Mark(self.now + 700))
        self.hosts[host].write(*records)
        for record in records:
            if isinstance(record, Start | End):
                of = partition_of(record.id, PARTITIONS)
                self.logged[of][self.hosts[host].boot.name].append(record)

    @rule(host=hosts)
    def ship(self, host: int) -> None:
        """The shipper goes on."""
        self.hosts[host].ship()

    @rule(partition=partitions, limit=st.sampled_from([1, 4, 100]))
    def commit(self, partition: int, limit: int) -> None:
        """The owner takes a batch, commits and releases."""
        self.readers[partition].take(limit)
        self.readers[partition].release()
        source = self.readers[partition].source
        assert isinstance(source, StreamSource)
        flushed(source)

    @rule(host=hosts, partition=partitions, takers=st.sets(partitions), limit=st.sampled_from([1, 3, 100]))
    def all_goes_well(self, host: int, partition: int, takers: set[int], limit: int) -> None:
        """For a while: without it, so many faults would leave little to be lost."""
        for _ in range(3):
            self.log(host, 3, partition)
            self.ship(host)
            for taker in takers:
                self.commit(taker, limit)
        self.ship(host)

    # What goes wrong

    @rule(host=hosts)
    def gateway_is_killed(self, host: int) -> None:
        """And starts again."""
        self.hosts[host].restart()

    @rule(host=hosts)
    def shipper_is_killed(self, host: int) -> None:
        """And starts again."""
        self.hosts[host].restart_shipper()

    @rule(partition=partitions)
    def owner_is_replaced(self, partition: int) -> None:
        """By one that goes on from the checkpoint; the old one lives on and does not know."""
        reader = self.readers[partition]
        assert isinstance(reader.source, StreamSource)
        self.stale = [*self.stale[-2:], (reader.source, dict(reader.positions))]
        reader.source = self.source(partition)

    @rule(partition=partitions)
    def commit_fails(self, partition: int) -> None:
        """The batch comes again from the same source."""
        reader = self.readers[partition]
        reader.source.read(dict(reader.positions), 5)

    @rule(data=st.data())
    def stale_owner_goes_on(self, data: st.DataObject) -> None:
        """It reads and releases what it had committed: the fence lets nothing else of it count."""
        if self.stale:
            source, positions = data.draw(st.sampled_from(self.stale), label="owner")
            source.read(positions, 100)
            source.release(positions)
            flushed(source)

    @rule()
    def redis_is_wiped(self) -> None:
        """All of it."""
        self.redis.flushdb()
        RedisLeases(self.link, "worker", PARTITIONS).hold()

    @rule()
    def redis_is_copied(self) -> None:
        """A replica, or an append-only file, has come this far, without anything spoilt."""
        if self.spoilt:
            return
        names: Any = self.redis.keys("rv:*")
        self.copy = {name: value for name in names if (value := self.redis.dump(name)) is not None}

    @rule()
    def redis_loses_its_tail(self) -> None:
        """What was written since the copy is gone."""
        self.redis.flushdb()
        for name, value in self.copy.items():
            self.redis.restore(name, 0, value, replace=True)
        RedisLeases(self.link, "worker", PARTITIONS).hold()

    @rule(partition=partitions, which=st.sampled_from([slice(0, 2), slice(-1, None), slice(-3, None), slice(1, 2)]))
    def entries_vanish(self, partition: int, which: slice) -> None:
        """Some of the oldest or newest, and ``at`` says nothing of it."""
        found: Any = self.redis.xrange(keys.stream(partition))
        for identifier, _ in found[which]:
            self.redis.xdel(keys.stream(partition), identifier)

    @rule(partition=partitions, which=st.integers(0, 50))
    def an_entry_comes_twice(self, partition: int, which: int) -> None:
        """Somebody ships what was shipped."""
        found: Any = self.redis.xrange(keys.stream(partition))
        if found and self.place(partition, found[which % len(found)][1]) not in self.spoilt:
            self.redis.xadd(keys.stream(partition), found[which % len(found)][1])

    @rule(partition=partitions, which=st.integers(0, 50))
    def an_entry_is_spoilt(self, partition: int, which: int) -> None:
        """Bits turn in one, which is in the stream only once: the range is asked for again."""
        found: Any = self.redis.xrange(keys.stream(partition))
        places = [self.place(partition, fields) for _, fields in found]
        once = [n for n, place in enumerate(places) if places.count(place) == 1 and place not in self.spoilt]
        if once:
            identifier, fields = found[once[which % len(once)]]
            self.spoilt.add(self.place(partition, fields))
            self.redis.xdel(keys.stream(partition), identifier)
            self.redis.xadd(keys.stream(partition), fields | {b"d": fields[b"d"][::-1]})

    @rule(partition=partitions, name=st.sampled_from([keys.shipped, keys.covered, keys.when, keys.stream]))
    def a_key_vanishes(self, partition: int, name: Any) -> None:
        """One only, so that what is left contradicts itself."""
        self.redis.delete(name(partition))

    # What holds

    @invariant()
    def each_comes_once_and_in_order(self) -> None:
        """What was taken of a source is what it logged, from the first on."""
        for partition, reader in enumerate(getattr(self, "readers", [])):
            taken: dict[str, list[Start | End]] = defaultdict(list)
            for item in reader.taken:
                if isinstance(item.record, Start | End):
                    taken[item.source].append(item.record)
                else:
                    assert isinstance(item.record, Mark), item
            for source, records in taken.items():
                assert records == self.logged[partition][source][: len(records)]

    @invariant()
    def nothing_uncovered_is_released(self) -> None:
        """From where the checkpoint stands, the spool still has the rest."""
        for host in getattr(self, "hosts", []):
            spool = SpoolReader(host.settings.spool, KEY)
            left: dict[str, set[bytes]] = defaultdict(set)
            for item in spool.read({}, 100_000):
                if isinstance(item.record, Start | End):
                    left[item.source].add(_name(item.record))
            spool.close()
            for partition, reader in enumerate(self.readers):
                for source, records in self.logged[partition].items():
                    if source not in host.names:
                        continue
                    done = sum(1 for i in reader.taken if i.source == source and isinstance(i.record, Start | End))
                    assert set(map(_name, records[done:])) <= left[source]

    def teardown(self) -> None:
        """Everybody goes on undisturbed for a while; then all of it has come."""
        try:
            if hasattr(self, "hosts"):
                self._settle()
        finally:
            shipper.YOUNG = self.young
            for host in getattr(self, "hosts", []):
                host.close()
            self.link.close()
            self.redis.close()
            shutil.rmtree(self.folder)

    def _settle(self) -> None:
        for host in self.hosts:
            host.kill()
        for _ in range(ROUNDS):
            for host in self.hosts:
                host.ship()
            for partition in range(PARTITIONS):
                self.readers[partition].drain()
                self.commit(partition, 100)
        self.each_comes_once_and_in_order()
        for partition, reader in enumerate(self.readers):
            got = sum(1 for item in reader.taken if isinstance(item.record, Start | End))
            assert got == sum(map(len, self.logged[partition].values()))
        for host in self.hosts:
            host.ship()
            assert not list(host.settings.spool.glob("*.seg")), "all of it is covered, so the spool is empty"


def _name(record: Start | End) -> bytes:
    """Tells the record from all others."""
    return record.id + bytes([isinstance(record, End)])


TestStream = Stream.TestCase
TestStream.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
