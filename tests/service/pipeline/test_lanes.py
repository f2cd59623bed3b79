"""Lanes over real databases: each partition goes on by itself, and nobody writes to one that another has claimed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import pytest

from service.backends.seal import AesSeal
from service.backends.sql import schema
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from service.backends.sql.partitions import SqlPartitions
from service.backends.sql.records import SqlRecords
from service.gateway.dialects import Dialects
from service.model.query import Record, Start
from service.pipeline import lanes as module
from service.pipeline.lanes import Lanes, Manner
from service.pipeline.worker import Starts, Worker
from service.ports import Fenced, Lag, Sourced, StoreUnavailable, StreamNewer, StreamUnavailable
from tests.service.pipeline.factories import SECOND, T0, a_start, an_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy.engine import Engine

KEY = b"k" * 32
STARTS = Starts(AesSeal(KEY), msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Start).decode)
AT_ONCE = Manner(idle=0.0)


@dataclass
class Source:
    """``ports.EventSource`` over a list, which fails as often as it is told to."""

    records: Sequence[Record]
    failures: list[Exception] = field(default_factory=list)

    def read(self, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        if self.failures:
            raise self.failures.pop()
        taken = after.get("boot", 0)
        return [Sourced("boot", n + 1, r) for n, r in enumerate(self.records) if n >= taken][:limit]

    def release(self, covered: Mapping[str, int]) -> None:
        pass

    def lag(self, after: Mapping[str, int]) -> Lag:  # noqa: ARG002 - the port's word
        return Lag(0, None)

    def damage(self) -> Sequence[tuple[str, int]]:
        return []


@dataclass
class Leases:
    """``ports.Leases`` as a test sets them; None does not answer."""

    held: set[int] | None
    given_back: list[int] = field(default_factory=list)

    def hold(self) -> set[int]:
        if self.held is None:
            raise StreamUnavailable("the stream cannot be reached")
        return self.held

    def give_back(self, partition: int) -> None:
        self.given_back.append(partition)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database of this version's schema."""
    url = f"sqlite:///{tmp_path / 'revenuer.db'}"
    schema.upgrade(url)
    made = connect(url)
    yield made
    made.dispose()


def queries(partition: int, count: int = 6) -> list[Record]:
    """Queries of one account, each ended before the next begins."""
    starts = [a_start(T0 + i * 10 * SECOND, account=f"acct-{partition}") for i in range(count)]
    return [record for start in starts for record in (start, an_end(start))]


class Hosts:
    """Makes workers on one database, under the name of one host or another."""

    def __init__(self, engine: Engine, sources: Mapping[int, Source]) -> None:
        self.engine = engine
        self.sources = sources
        self.claims: list[tuple[str, int]] = []

    def worker(self, partition: int, host: str = "a") -> Worker:
        checkpoint = SqlCheckpoint(self.engine, partition=partition)
        checkpoint.claim(host)
        self.claims.append((host, partition))
        source = self.sources[partition]
        return Worker(
            source=source, ahead=source, checkpoint=checkpoint, dialects=Dialects(), starts=STARTS, scorer=None,
            max_lag=5.0, batch=2, number=partition,
        )  # fmt: skip

    def logged(self) -> int:
        return SqlRecords(self.engine).counts()["events"]


def turns(lanes: Lanes, count: int = 30) -> None:
    """As many rounds."""
    for _ in range(count):
        lanes.turn()


def test_every_partition_gets_on(engine: Engine) -> None:
    """One process takes what all of its partitions have, each under its own claim."""
    hosts = Hosts(engine, {n: Source(queries(n)) for n in range(3)})
    lanes = Lanes(hosts.worker, Leases({0, 1, 2}), AT_ONCE)
    turns(lanes)
    assert hosts.logged() == 18
    assert sorted(hosts.claims) == [("a", 0), ("a", 1), ("a", 2)]
    assert [held.epoch for held in SqlPartitions(engine).all()] == [1, 1, 1]


def test_one_that_fails_holds_up_no_other(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A partition whose stream fails pauses and goes on from its checkpoint; the others do not wait for it."""
    monkeypatch.setattr(module, "SHORTEST_PAUSE", 0.0)
    failing = Source(queries(1), [StoreUnavailable("gone")] * 3)
    hosts = Hosts(engine, {0: Source(queries(0)), 1: failing})
    lanes = Lanes(hosts.worker, Leases({0, 1}), AT_ONCE)
    lanes.turn()
    assert lanes.trouble() == "gone"
    turns(lanes)
    assert (hosts.logged(), lanes.trouble()) == (12, None)
    assert hosts.claims.count(("a", 1)) == 4


def test_whoever_was_replaced_lets_go(engine: Engine) -> None:
    """A worker whose partition another claims stores nothing more and drops it; it may take it again by its lease."""
    hosts = Hosts(engine, {0: Source(queries(0))})
    leases = Leases({0})
    lanes = Lanes(hosts.worker, leases, AT_ONCE)
    lanes.turn()
    other = hosts.worker(0, "b")
    before = hosts.logged()
    leases.held = set()
    lanes.turn()
    assert (lanes.held, hosts.logged()) == (0, before)
    while other.step():
        pass
    assert hosts.logged() == 6
    assert SqlPartitions(engine).all()[0].owner == "b"


def test_the_one_partition_of_two_processes_is_an_error(engine: Engine) -> None:
    """Without leases nobody else is meant to have it: whoever was replaced ends, and says why."""
    hosts = Hosts(engine, {0: Source(queries(0))})
    lanes = Lanes(hosts.worker, manner=AT_ONCE)
    lanes.turn()
    hosts.worker(0, "b")
    with pytest.raises(Fenced, match="another worker has claimed it"):
        turns(lanes)


def test_leases_that_do_not_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held goes on, since the checkpoint refuses whoever was replaced; nothing is claimed meanwhile."""
    monkeypatch.setattr(module, "UNKNOWN_PAUSE", 0.0)
    monkeypatch.setattr(module, "SHORTEST_PAUSE", 0.0)
    hosts = Hosts(engine, {0: Source(queries(0)), 1: Source(queries(1), [StoreUnavailable("gone")])})
    leases = Leases({0, 1})
    lanes = Lanes(hosts.worker, leases, AT_ONCE)
    lanes.turn()
    leases.held = None
    turns(lanes)
    assert lanes.trouble() == "the stream cannot be reached"
    # Partition 1 has failed and would have to be claimed again, perhaps from whoever has its lease now.
    assert (hosts.logged(), hosts.claims.count(("a", 1))) == (6, 1)
    leases.held = {0, 1}
    turns(lanes)
    assert hosts.logged() == 12


def test_what_a_newer_version_wrote_is_left_to_it(engine: Engine) -> None:
    """The partition is given back, so that a newer worker takes it."""
    hosts = Hosts(engine, {0: Source(queries(0), [StreamNewer("written by a newer version")])})
    leases = Leases({0})
    lanes = Lanes(hosts.worker, leases, AT_ONCE)
    leases_before = list(leases.given_back)
    lanes.turn()
    assert (leases_before, leases.given_back) == ([], [0])


def test_stopping_gives_everything_back(engine: Engine) -> None:
    """Told to stop, it finishes the batch under way, and others may have its partitions at once."""
    hosts = Hosts(engine, {n: Source(queries(n)) for n in range(2)})
    leases = Leases({0, 1})
    asked = iter([False] * 4 + [True] * 10)
    lanes = Lanes(hosts.worker, leases, AT_ONCE)
    lanes.run(lambda: next(asked))
    assert (lanes.held, sorted(leases.given_back)) == (0, [0, 1])
    logged = hosts.logged()
    assert 0 < logged < 12
    again = Lanes(hosts.worker, Leases({0, 1}), AT_ONCE)
    turns(again)
    assert hosts.logged() == 12


def test_a_new_baseline_is_taken_up_by_every_lane(engine: Engine) -> None:
    """Where what workers are made of has changed, each lane begins anew from its checkpoint."""
    version = [1]
    hosts = Hosts(engine, {n: Source(queries(n)) for n in range(2)})
    lanes = Lanes(hosts.worker, Leases({0, 1}), Manner(idle=0.0, version=lambda: version[0]))
    lanes.turn()
    version[0] = 2
    turns(lanes)
    assert len(hosts.claims) == 4
    assert hosts.logged() == 12
