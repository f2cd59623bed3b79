"""An installation moves from a file to Postgres, and to another number of partitions: nothing is lost or mixed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.backends.sql import copying
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.copying import copy
from service.backends.sql.dialect import connect
from service.backends.sql.partitions import SqlPartitions
from service.backends.sql.records import SqlRecords
from service.backends.sql.repartition import overlapping, repartition
from service.bootstrap.moving import COMBINE
from service.model.entity import Entity, Scope
from service.model.ids import event_id, partition_of, shard, stamped
from service.model.query import Gap
from service.pipeline.admission import Admission
from service.ports import Commit, Fenced, FlagFilter, StoreUnavailable, TrailEntry
from tests.contracts.databases import sqlite
from tests.contracts.factories import DAY, T0, a_flag, a_state, an_evaluation, an_event
from tests.servers import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

STRANGE = 'a\x00\ud800"\\,{}'
OWNER = "one"
ACCOUNTS = {Entity(Scope.ACCOUNT, f"acct-{n}"): f"org-{n % 5}" if n % 2 else "" for n in range(20)}
OPEN = {stamped(event_id(T0), number): b"sealed" for number in (0, 1_500, 4_095)}


def nothing(_table: str, _done: int, _rows: int) -> None:
    """Shows no progress."""


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Engine]:
    """An installation on a file, with everything in it."""
    engine = connect(sqlite(tmp_path))
    checkpoint = SqlCheckpoint(engine, keep="full")
    checkpoint.claim(OWNER)
    events = [
        an_event(n * 40_000, account=entity.value, org=org, end_user=STRANGE if n == 3 else "")
        for n, (entity, org) in enumerate(ACCOUNTS.items())
    ]
    end_user = Entity(Scope.END_USER, f"acct-3/{STRANGE}")
    entities = [*ACCOUNTS, end_user, *(Entity(Scope.ORG, f"org-{n}") for n in (1, 3))]
    checkpoint.commit(
        Commit(
            positions={"boot": 40},
            logged={"boot": 44},
            events=events,
            entities={entity: a_state(window=3600) for entity in entities},
            trail={b"digest": TrailEntry("acct-1", T0)},
            opened=OPEN,
            evaluations=[an_evaluation(n) for n in range(3)],
            flags=[a_flag()],
            gaps=[("boot", Gap(T0, T0 + 1, 2, 1))],
            meta={"time": T0.to_bytes(8, "big"), "admission": Admission(b"key").dump()},
        )
    )
    with engine.begin() as connection:
        connection.execute(text("UPDATE partitions SET since = 0, active = 0"))
    yield engine
    engine.dispose()


@pytest.fixture
def target() -> Iterator[Engine]:
    """An empty Postgres."""
    engine = connect(running.postgres())
    yield engine
    engine.dispose()


def test_everything_arrives(source: Engine, target: Engine) -> None:
    """Log, findings, states, places and open queries are the same, and the worker goes on from there."""
    seen: list[tuple[str, int, int]] = []
    assert copy(source, target, lambda *progress: seen.append(progress)) > len(ACCOUNTS)
    assert ("events", 20, 20) in seen
    ours, theirs = SqlRecords(source), SqlRecords(target)
    assert list(theirs.export()) == list(ours.export())
    assert dict(theirs.counts()) == dict(ours.counts())
    assert theirs.flags(FlagFilter(), None, 9) == ours.flags(FlagFilter(), None, 9)
    assert list(theirs.benign(30 * DAY)) == list(ours.benign(30 * DAY))
    before, after = SqlCheckpoint(source).resume(), SqlCheckpoint(target)
    assert after.resume() == before
    assert after.entities(list(before.windows)) == SqlCheckpoint(source).entities(list(before.windows))
    after.commit(Commit(positions={"boot": 41}, events=[an_event(9, account="new", path="/new")]))
    assert theirs.counts()["events"] == 21


def test_a_copy_that_was_broken_off_goes_on(source: Engine, target: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From wherever it was, and ends as one that was not."""
    monkeypatch.setattr(copying, "PAGE", 3)

    def give_up(table: str, done: int, _rows: int) -> None:
        if table == "events" and done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(source, target, give_up)
    copy(source, target, nothing)
    assert list(SqlRecords(target).export()) == list(SqlRecords(source).export())


def test_a_target_with_rows_is_refused(source: Engine, target: Engine) -> None:
    """Nothing is ever mixed up; nor is a whole copy overwritten."""
    copy(source, target, nothing)
    with pytest.raises(StoreUnavailable, match="not empty"):
        copy(source, target, nothing)


def test_a_worker_that_is_alive_is_fenced_and_noticed(source: Engine, target: Engine) -> None:
    """What it holds of the source is worth nothing any more; one that claims again is found out."""
    worker = SqlCheckpoint(source)
    worker.claim(OWNER)

    def meanwhile(table: str, _done: int, _rows: int) -> None:
        if table == "events":
            with pytest.raises(Fenced):
                worker.commit(Commit(positions={"boot": 45}))
            worker.claim(OWNER)

    with pytest.raises(StoreUnavailable, match="a worker is alive"):
        copy(source, target, meanwhile)


def test_callers_go_to_their_partition(source: Engine, target: Engine) -> None:
    """Accounts with their org, end users with their account, open queries with their id; each knows every place."""
    copy(source, target, nothing)
    assert repartition(target, 32, COMBINE, owner=copying.OWNER) == 1
    assert SqlPartitions(target).count() == 32
    windows: dict[Entity, int] = {}
    opened: dict[bytes, int] = {}
    for number in range(32):
        resume = SqlCheckpoint(target, partition=number).resume()
        assert (resume.positions, resume.logged) == ({"boot": 40}, {"boot": 44})
        assert set(resume.meta) == {"time", "admission"}
        windows |= dict.fromkeys(resume.windows, number)
        opened |= dict.fromkeys(resume.opened, number)
    assert opened == {event: partition_of(event, 32) for event in OPEN}
    for entity, org in ACCOUNTS.items():
        assert windows[entity] == shard(org, entity.value) * 32 // 4096
    assert windows[Entity(Scope.END_USER, f"acct-3/{STRANGE}")] == windows[Entity(Scope.ACCOUNT, "acct-3")]
    assert windows[Entity(Scope.ORG, "org-3")] == windows[Entity(Scope.ACCOUNT, "acct-3")]


def test_there_and_back_is_where_it_was(source: Engine, target: Engine) -> None:
    """By way of numbers that share no borders."""
    copy(source, target, nothing)
    before, counts = SqlCheckpoint(target).resume(), dict(SqlRecords(target).counts())
    for number in (12, 5, 1):
        repartition(target, number, COMBINE, owner=copying.OWNER)
    assert SqlCheckpoint(target).resume() == before
    assert dict(SqlRecords(target).counts()) == counts


def test_places_that_differ_are_not_made_one(source: Engine) -> None:
    """What is behind in one partition would be counted again in the other."""
    repartition(source, 2, COMBINE)
    ahead = SqlCheckpoint(source, partition=1)
    ahead.commit(Commit(positions={"boot": 50}, logged={"boot": 50}))
    with pytest.raises(StoreUnavailable, match="different places of source 'boot'"):
        repartition(source, 1, COMBINE)
    assert SqlPartitions(source).count() == 2
    # Halves of each take its place over as it is.
    repartition(source, 4, COMBINE)
    at = [SqlCheckpoint(source, partition=n).resume().positions["boot"] for n in range(4)]
    assert at == [40, 40, 50, 50]


def test_a_worker_that_is_alive_is_not_parted_from_its_callers(source: Engine) -> None:
    """It is named, with what to do; and one that was asleep commits nothing afterwards."""
    worker = SqlCheckpoint(source)
    worker.claim("worker-7")
    with pytest.raises(StoreUnavailable, match="'worker-7' held partition 0 within"):
        repartition(source, 4, COMBINE)
    with source.begin() as connection:
        connection.execute(text("UPDATE partitions SET since = 0, active = 0"))
    repartition(source, 4, COMBINE)
    with pytest.raises(Fenced):
        worker.commit(Commit(positions={"boot": 45}))


def test_every_shard_has_one_partition() -> None:
    """A new partition's old ones are exactly those that its shards lay in."""
    assert [overlapping(n, 4, 2) for n in range(4)] == [[0], [0], [1], [1]]
    assert overlapping(1, 3, 2) == [0, 1]
    assert overlapping(0, 1, 3) == [0, 1, 2]
