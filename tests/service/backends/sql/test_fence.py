"""Of two workers that believe they own a partition, the one that claimed last goes on, and the other stores nothing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from service.backends.sql import postgres
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from service.backends.sql.partitions import SqlPartitions
from service.backends.sql.records import SqlRecords
from service.model.entity import Entity, Scope
from service.ports import Commit, Fenced, StoreUnavailable
from tests.contracts.factories import AN_ACCOUNT, a_state, an_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection, Engine

    from service.backends.sql.partitions import Held

OTHER = Entity(Scope.ACCOUNT, "acct-2")


@pytest.fixture
def another(url: str) -> Iterator[Engine]:
    """The connection of another process."""
    engine = connect(url)
    yield engine
    engine.dispose()


def in_background(act: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Something that goes on meanwhile, and what came of it."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(act())
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_whoever_claimed_last_goes_on(engine: Engine, another: Engine) -> None:
    """The one before is refused, stores nothing, and does not come back by trying again."""
    first, second = SqlCheckpoint(engine), SqlCheckpoint(another)
    assert first.claim("a") < second.claim("b")
    for _ in range(2):
        with pytest.raises(Fenced, match="another worker has claimed it"):
            first.commit(Commit(positions={"a": 9}, entities={AN_ACCOUNT: a_state()}, events=[an_event()]))
    second.commit(Commit(positions={"a": 3}))
    assert second.resume().positions == {"a": 3}
    assert not second.entities([AN_ACCOUNT])
    assert not list(SqlRecords(engine).export())
    assert (held(engine).owner, held(engine).epoch) == ("b", 2)
    assert held(engine).active >= held(engine).since > 0


def test_an_epoch_that_a_restored_database_gives_out_again(engine: Engine, another: Engine) -> None:
    """Whoever had it before the restore is refused, for it has another name."""
    first, second = SqlCheckpoint(engine), SqlCheckpoint(another)
    epoch = first.claim("a")
    first.commit(Commit(positions={"s": 9}))
    restore(engine, "epoch = epoch - 1, owner = ''")
    assert second.claim("b") == epoch
    restore(engine, f"active = {held(engine).active}")
    with pytest.raises(Fenced, match="was restored"):
        first.commit(Commit(positions={"s": 12}))
    second.commit(Commit(positions={"s": 10}))


def test_an_owner_whose_commits_a_restore_took_away(engine: Engine) -> None:
    """It is refused under its own name and epoch, since what it keeps in memory is of what is gone; then goes on."""
    worker = SqlCheckpoint(engine)
    worker.claim("a")
    worker.commit(Commit(positions={"s": 3}))
    before = held(engine).active
    worker.commit(Commit(positions={"s": 9}, entities={AN_ACCOUNT: a_state()}))
    restore(engine, f"active = {before}")
    with pytest.raises(Fenced, match="was restored"):
        worker.commit(Commit(positions={"s": 12}))
    worker.claim("a")
    worker.commit(Commit(positions={"s": 12}))
    assert worker.resume().positions == {"s": 12}


def held(engine: Engine) -> Held:
    """The only partition."""
    [found] = SqlPartitions(engine).all()
    return found


def restore(engine: Engine, values: str) -> None:
    """Let the partition's row say what it said at an earlier time."""
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE partitions SET {values}"))  # noqa: S608 - the tests' own words


def test_a_new_owner_sees_all_that_was_committed(engine: Engine, another: Engine) -> None:
    """A claim that finds a commit under way waits for it, so resuming after the claim misses nothing."""
    first, second = SqlCheckpoint(engine), SqlCheckpoint(another)
    first.claim("a")
    reached, go_on = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        reached.set()
        go_on.wait(10)

    event.listen(engine, "commit", hold)
    committing, committed = in_background(lambda: first.commit(Commit(positions={"a": 5})))
    assert reached.wait(10)
    claiming, claimed = in_background(lambda: (second.claim("b"), second.resume().positions))
    time.sleep(0.3)
    assert not claimed
    go_on.set()
    committing.join()
    claiming.join()
    assert committed == [None]
    assert claimed == [(2, {"a": 5})]


def test_partitions_do_not_meet(engine: Engine, another: Engine) -> None:
    """Each has its own places, open queries, blobs and windows; the log and its counts are one."""
    checkpoints = [SqlCheckpoint(engine, partition=0), SqlCheckpoint(another, partition=1)]
    for number, checkpoint in enumerate(checkpoints):
        checkpoint.claim("a")
        entity = (AN_ACCOUNT, OTHER)[number]
        checkpoint.commit(
            Commit(
                positions={"s": 3 + number},
                logged={"s": 3 + number},
                opened={bytes([number]) * 16: b"sealed"},
                meta={"time": bytes([number])},
                entities={entity: a_state(window=7200 + number)},
                events=[an_event(number)],
            )
        )
    for number, checkpoint in enumerate(checkpoints):
        resume = checkpoint.resume()
        assert resume.positions == {"s": 3 + number}
        assert resume.opened == {bytes([number]) * 16: b"sealed"}
        assert resume.meta == {"time": bytes([number])}
        assert resume.windows == {(AN_ACCOUNT, OTHER)[number]: 7200 + number}
    assert SqlRecords(engine).counts()["events"] == 2


def test_how_many_there_are_is_decided_once(engine: Engine, another: Engine) -> None:
    """By the first start, whatever a later one is told."""
    assert SqlPartitions(engine).count() == 0
    assert SqlPartitions(engine).ensure(8) == 8
    assert SqlPartitions(another).ensure(32) == 8
    assert [found.number for found in SqlPartitions(engine).all()] == list(range(8))


@pytest.mark.parametrize("kind", ["postgres"])
def test_one_that_stands_still_in_a_transaction_lets_go(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paused worker holds the partition's row for no longer than the bound; then the next has it."""
    monkeypatch.setattr(postgres, "IDLE", 500)
    engine, another = connect(url), connect(url)
    paused = SqlCheckpoint(engine)
    paused.claim("a")
    reached = threading.Event()

    def stand_still(_: Connection) -> None:
        reached.set()
        time.sleep(2)

    event.listen(engine, "commit", stand_still)
    committing, outcome = in_background(lambda: paused.commit(Commit(positions={"a": 5})))
    assert reached.wait(10)
    successor = SqlCheckpoint(another)
    assert successor.claim("b") == 2
    committing.join()
    assert isinstance(outcome[0], StoreUnavailable)
    assert successor.resume().positions == {}
    with pytest.raises(Fenced):
        paused.resume()
    for made in (engine, another):
        made.dispose()


@pytest.mark.parametrize("kind", ["postgres"])
def test_a_commit_that_arrives_after_its_worker_gave_up_is_refused(engine: Engine, another: Engine) -> None:
    """A worker that does not know what became of its commit raises its own epoch before it reads its place."""
    checkpoint = SqlCheckpoint(engine)
    epoch = checkpoint.claim("a")
    checkpoint.commit(Commit(positions={"a": 1}))
    with another.connect() as limbo:
        # What was sent and not answered: it has not reached the row yet when the worker gives up.
        with pytest.raises(ValueError, match="source 'a'"):
            checkpoint.commit(Commit(positions={"a": 0}))
        assert checkpoint.resume().positions == {"a": 1}
        fence = text("UPDATE partitions SET active = 0 WHERE number = 0 AND epoch = :epoch")
        assert limbo.execute(fence, {"epoch": epoch}).rowcount == 0
    checkpoint.commit(Commit(positions={"a": 2}))
    assert checkpoint.resume().positions == {"a": 2}
