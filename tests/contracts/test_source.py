"""What every ``EventSource`` holds: the spool read directly, and the stream on one server and on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from service.backends.redis.client import connect
from service.backends.redis.leases import RedisLeases
from service.backends.redis.source import StreamSource
from service.backends.spool import SpoolReader
from service.model.query import Gap
from tests.servers import running
from tests.service.backends.redis.factories import T0, AHost, AReader, flushed, in_order, queries
from tests.service.backends.spool.factories import KEY, ABoot, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from service.model.query import Record
    from service.ports import EventSource


class Supply(Protocol):
    """One gateway's records on their way into one source."""

    @property
    def boot(self) -> ABoot:
        """The gateway's side."""
        ...

    def write(self, *records: Record) -> None:
        """Log them, and let them come as far as they do by themselves."""
        ...

    def restart(self) -> None:
        """Kill the gateway and start another."""
        ...

    def end(self) -> None:
        """Kill the gateway for good, and let that be known."""
        ...

    def source(self) -> EventSource:
        """A new source, as a worker that was started again makes it."""
        ...

    def settle(self, source: EventSource) -> None:
        """Let a release take its full effect."""
        ...


class SpoolSupply:
    """The worker reads the gateway's spool."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.boot = ABoot.begin(folder)

    def write(self, *records: Record) -> None:
        assert all(self.boot.journal.commit(records))

    def restart(self) -> None:
        self.boot.kill()
        self.boot = ABoot.begin(self._folder)

    def end(self) -> None:
        self.boot.kill()

    def source(self) -> SpoolReader:
        return SpoolReader(self._folder, KEY)

    def settle(self, source: EventSource) -> None:
        pass


class StreamSupply:
    """A shipper brings them into a partition."""

    def __init__(self, data: Path, url: str) -> None:
        self._link = connect(url)
        RedisLeases(self._link, "worker-1", 1).hold()
        self._host = AHost(data, self._link)

    @property
    def boot(self) -> ABoot:
        return self._host.boot

    def write(self, *records: Record) -> None:
        self._host.write(*records)
        self._host.ship()

    def restart(self) -> None:
        self._host.restart()
        self._host.ship()

    def end(self) -> None:
        self._host.kill()
        self._host.ship()

    def source(self) -> StreamSource:
        return StreamSource(self._link, 0, KEY, patience=0.0, hold=(0.0, 0.0))

    def settle(self, source: EventSource) -> None:
        assert isinstance(source, StreamSource)
        flushed(source)
        self._host.ship()

    def close(self) -> None:
        self._host.shipper.close()
        self._link.close()


@pytest.fixture(params=["spool", "valkey", "cluster"])
def supply(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Supply]:
    """A gateway and its way to a source, of each kind."""
    if request.param == "spool":
        yield SpoolSupply(tmp_path / "spool")
        return
    made = StreamSupply(tmp_path, running.valkey() if request.param == "valkey" else running.cluster())
    yield made
    made.close()


@pytest.fixture
def reader(supply: Supply) -> Callable[[], AReader]:
    """Workers over new sources."""
    return lambda: AReader(supply.source())


class TestEventSource:
    """The contract."""

    def test_nothing_is_no_records(self, reader: Callable[[], AReader]) -> None:
        """A worker may start before there is anything."""
        worker = reader()
        assert not worker.take()
        assert worker.source.lag({}).bytes == 0
        assert worker.source.lag({}).oldest is None
        worker.release()

    def test_every_record_once_in_order(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """A live gateway is followed: each read gives what came since, in the order of its numbers."""
        worker, written = reader(), queries(40)
        supply.write(*written[:30])
        assert worker.drain() == written[:30]
        assert not worker.take()
        supply.write(*written[30:50])
        supply.write(*written[50:])
        assert worker.drain() == written

    @pytest.mark.parametrize("position", [0, 1, 2, 7, 19, 20, 21, 39])
    def test_any_position_is_resumed(self, supply: Supply, reader: Callable[[], AReader], position: int) -> None:
        """A new source goes on in the middle of what was written or shipped together, and at its edges."""
        written = queries(20)
        supply.write(*written[:20])
        supply.write(*written[20:])
        worker = reader()
        worker.positions[supply.boot.name] = position
        assert worker.drain() == written[position:]

    def test_what_was_not_committed_comes_again(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """The source remembers nothing that the positions do not say."""
        written = queries(20)
        supply.write(*written)
        worker = reader()
        worker.drain()
        worker.positions, worker.taken = {supply.boot.name: 12}, []
        assert worker.drain() == written[12:]

    def test_somebody_else_may_have_gone_ahead(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """Positions that moved on without the source are followed."""
        written = queries(20)
        supply.write(*written[:20])
        worker = reader()
        worker.drain()
        supply.write(*written[20:])
        worker.positions[supply.boot.name], worker.taken = 33, []
        assert worker.drain() == written[33:]

    @pytest.mark.parametrize("limit", [1, 3, 1000])
    def test_any_limit_gives_the_same(self, supply: Supply, reader: Callable[[], AReader], limit: int) -> None:
        """How much is taken at once changes nothing."""
        written = queries(10)
        supply.write(*written)
        assert reader().drain(limit) == written

    def test_a_killed_gateway_and_its_successor(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """The records of both come, the older's first."""
        first, second = queries(10), queries(10, begin=T0 + 60_000_000)
        supply.write(*first)
        supply.restart()
        supply.write(*second)
        assert reader().drain() == first + second

    def test_released_is_gone_and_the_rest_is_not(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """A release never takes what the positions do not cover."""
        written = queries(60)
        supply.write(*written[:50])
        worker = reader()
        worker.take(23)
        taken = len(worker.records)
        worker.release()
        supply.write(*written[50:])
        supply.settle(worker.source)
        successor = reader()
        successor.positions = dict(worker.positions)
        assert successor.drain() == written[taken:]

    def test_what_was_not_logged_is_told_once(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """The ledger's counts come as one gap when the gateway is dead, and not again."""
        supply.write(*queries(3))
        supply.boot.ledger.add(Gap(T0, T0 + 5, 2, 1))
        supply.end()
        worker = reader()
        records = worker.drain()
        assert lost(records) == 3
        assert len(in_order(records)) == 6
        successor = reader()
        successor.positions = dict(worker.positions)
        assert not successor.drain()

    def test_lag_falls_to_nothing(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """It is what is not taken, and the time of the oldest of it."""
        supply.write(*queries(10))
        supply.write(*queries(10, begin=T0 + 10_000))
        worker = reader()
        worker.take(4)
        lag = worker.source.lag(worker.positions)
        assert lag.bytes > 0
        assert lag.oldest is not None
        assert T0 <= lag.oldest < T0 + 20_000
        worker.drain()
        lag = worker.source.lag(worker.positions)
        assert (lag.bytes, lag.oldest) == (0, None)

    def test_nothing_is_damaged(self, supply: Supply, reader: Callable[[], AReader]) -> None:
        """What is sound is not told as damage."""
        supply.write(*queries(5))
        worker = reader()
        worker.drain()
        assert not worker.source.damage()
