"""What is past its time goes, to the day, and what is within it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.backends.spool.folder import FINAL
from service.backends.sql import retention
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.records import SqlRecords
from service.backends.sql.tables import names
from service.model.entity import Entity, Scope
from service.ports import Commit, TrailEntry
from service.settings import Retention
from tests.contracts.factories import AN_ACCOUNT, DAY, SECOND, T0, a_flag, a_state, an_evaluation, an_event

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

KEEP = Retention(text=10, log=100, trail=7, states=30)
OTHER = Entity(Scope.ACCOUNT, "acct-2")


def purged(checkpoint: SqlCheckpoint, now: int) -> dict[str, int]:
    """Everything that goes at ``now``, slice by slice."""
    total: dict[str, int] = {}
    while taken := checkpoint.purge(now):
        total = {table: total.get(table, 0) + taken.get(table, 0) for table in total.keys() | taken.keys()}
    return total


def test_each_goes_at_its_own_time(engine: Engine) -> None:
    """Text after 10 days, the trail after 7, states after 30, the log and its evaluations after 100, flags never."""
    checkpoint, records = SqlCheckpoint(engine, keep="full", retention=KEEP), SqlRecords(engine)
    checkpoint.commit(
        Commit(
            events=[event := an_event()],
            entities={AN_ACCOUNT: a_state(window=-1, last_seen=event.done)},
            trail={b"digest": TrailEntry("acct-1", event.done)},
            evaluations=[an_evaluation(at=event.done)],
            flags=[a_flag()],
        )
    )
    assert purged(checkpoint, event.done + 7 * DAY) == {}
    assert purged(checkpoint, event.done + 8 * DAY) == {"trail": 1}
    assert purged(checkpoint, event.done + 11 * DAY) == {"event_text": 1}
    assert [kept.request for kept in records.export()] == [None]
    assert purged(checkpoint, event.done + 31 * DAY) == {"states": 1}
    assert checkpoint.entities([AN_ACCOUNT]) == {}
    assert records.account(AN_ACCOUNT) is not None
    last = purged(checkpoint, event.done + 102 * DAY)
    assert (last["events"], last["evaluations"], last["entities"]) == (1, 1, 1)
    assert records.counts()["events"] == 0
    assert records.flag(a_flag().id) == a_flag()


def test_an_open_window_keeps_its_states(engine: Engine) -> None:
    """An evaluation is still owed to it."""
    checkpoint = SqlCheckpoint(engine, retention=KEEP)
    checkpoint.commit(Commit(entities={AN_ACCOUNT: a_state(window=7200), OTHER: a_state(window=-1)}))
    assert purged(checkpoint, T0 + 60 * DAY) == {"states": 1}
    assert list(checkpoint.entities([AN_ACCOUNT, OTHER])) == [AN_ACCOUNT]


def test_who_comes_back_is_known_again(engine: Engine) -> None:
    """The listing's row is the new one; nothing of the old states returns."""
    checkpoint = SqlCheckpoint(engine, retention=KEEP)
    checkpoint.commit(Commit(entities={AN_ACCOUNT: a_state(window=-1)}))
    purged(checkpoint, T0 + 60 * DAY)
    again = a_state(queries=1, first_seen=T0 + 60 * DAY, last_seen=T0 + 60 * DAY, states=b"new")
    checkpoint.commit(Commit(entities={AN_ACCOUNT: again}))
    assert checkpoint.entities([AN_ACCOUNT]) == {AN_ACCOUNT: again}


def test_a_string_goes_with_the_last_that_used_it(engine: Engine) -> None:
    """Names of callers are not kept beyond the log; one used again since is, under the number it had."""
    checkpoint, records = SqlCheckpoint(engine, retention=KEEP), SqlRecords(engine)
    once, often = an_event(0, account="once"), an_event(1, account="often")
    later = an_event(86_400 * 90, account="often", path="/later")
    checkpoint.commit(Commit(events=[once, often]))
    checkpoint.commit(Commit(events=[later]))
    purged(checkpoint, T0 + 103 * DAY)
    with engine.connect() as connection:
        kept = set(connection.execute(select(names.c.value)).scalars())
    assert {"often", "/later"} <= kept
    assert not {"once", "once/u-19"} & kept
    # The store that wrote it before knows better than to use a number that is gone.
    checkpoint.commit(Commit(events=[back := an_event(86_400 * 103, account="once")]))
    assert [(event.account, event.path) for event in records.export()] == [("often", "/later"), ("once", back.path)]


def test_a_call_takes_a_bounded_share(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker gets back to its stream; the next call goes on."""
    monkeypatch.setattr(retention, "ROWS", 10)
    monkeypatch.setattr(retention, "ROUNDS", 2)
    checkpoint = SqlCheckpoint(engine, retention=KEEP)
    checkpoint.commit(Commit(trail={bytes([n]): TrailEntry("", T0) for n in range(25)}))
    now = T0 + 8 * DAY
    assert [checkpoint.purge(now).get("trail", 0) for _ in range(3)] == [20, 5, 0]


def test_what_came_a_moment_later_stays(engine: Engine) -> None:
    """Each bound is to the moment, but for days that Postgres has a partition for."""
    checkpoint = SqlCheckpoint(engine, keep="full", retention=KEEP)
    events = [an_event(0), an_event(2)]
    checkpoint.commit(Commit(events=events))
    assert purged(checkpoint, T0 + SECOND + 10 * DAY) == {"event_text": 1}
    kept = {event.id: event.request is not None for event in SqlRecords(engine).export()}
    assert kept == {events[0].id: False, events[1].id: True}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_was_taken_is_not_in_the_file(engine: Engine, tmp_path: Path) -> None:
    """A text past its time is overwritten, not left in a free page for whoever gets the file."""
    checkpoint = SqlCheckpoint(engine, keep="full", retention=KEEP)
    events = [an_event(n, request={"prompt": f"canary-{n}"}) for n in range(500)]
    checkpoint.commit(Commit(events=events))
    assert purged(checkpoint, T0 + 12 * DAY) == {"event_text": 500}
    engine.dispose()  # the last to leave folds the write-ahead log into the file
    assert b"canary" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_states_go_by_the_time_of_their_own_partition(engine: Engine) -> None:
    """A partition that is behind still needs what another would call old; so does its trail."""
    ahead, behind = (SqlCheckpoint(engine, retention=KEEP, partition=number) for number in (0, 1))
    behind.commit(
        Commit(
            entities={AN_ACCOUNT: a_state(window=-1)},
            trail={b"digest": TrailEntry("acct-1", T0)},
            meta={"time": T0.to_bytes(8, "big")},
        )
    )
    ahead.commit(Commit(meta={"time": (T0 + 31 * DAY).to_bytes(8, "big")}))
    assert purged(ahead, T0 + 7 * DAY + SECOND) == {}
    assert purged(ahead, T0 + 41 * DAY) == {"trail": 1}
    assert behind.entities([AN_ACCOUNT])
    assert purged(behind, T0 + 41 * DAY) == {"states": 1}


def test_the_place_of_a_source_that_ended_is_forgotten_in_the_end(engine: Engine) -> None:
    """A month after its last record, and never that of one that may still log."""
    checkpoint = SqlCheckpoint(engine, retention=KEEP)
    ended, live = {"ended": FINAL}, {"live": 5}
    checkpoint.commit(Commit(positions=ended | live, logged=ended | live, meta={"time": T0.to_bytes(8, "big")}))
    assert purged(checkpoint, T0 + 30 * DAY) == {}
    assert purged(checkpoint, T0 + 30 * DAY + SECOND) == {"sources": 1}
    # A worker that still names it brings nothing back.
    checkpoint.commit(Commit(positions=ended | {"live": 6}, logged=ended | {"live": 6}))
    assert SqlCheckpoint(engine).resume().positions == {"live": 6}
