"""The log by days on Postgres: made ahead, filled from the default partition, dropped whole."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.backends.sql import days
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.days import AHEAD, Days
from service.backends.sql.dialect import connect
from service.backends.sql.records import SqlRecords
from service.ports import Commit
from service.settings import Retention
from tests.contracts.factories import DAY, T0, an_event

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

KEEP = Retention(text=10, log=100, trail=7, states=30)
NIGHT = (T0 // DAY + 1) * DAY
"""The midnight after the first event, in microseconds."""

pytestmark = pytest.mark.parametrize("kind", ["postgres"])


def rows(engine: Engine, table: str) -> int:
    """Rows of one partition."""
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - a name of the test's


def across_midnight() -> list[int]:
    """Numbers of events from before and after it."""
    seconds = (NIGHT - T0) // 1_000_000
    return [seconds - 2, seconds - 1, seconds, seconds + 1]


def test_a_new_database_has_today_and_the_days_to_come(engine: Engine) -> None:
    """So that traffic falls on its day from the first query on."""
    now = time.time_ns() // 1000
    at = now - now % 1_000_000
    events = [an_event((at - T0) // 1_000_000 + n * 86_400) for n in range(AHEAD + 1)]
    SqlCheckpoint(engine).commit(Commit(events=events))
    assert rows(engine, "events_default") == 0
    assert len(list(SqlRecords(engine).export())) == AHEAD + 1


def test_what_waited_moves_to_its_day(engine: Engine) -> None:
    """Rows that came before their day was made, none lost, none doubled, and each on its side of midnight."""
    checkpoint = SqlCheckpoint(engine, keep="full")
    events = [an_event(number) for number in across_midnight()]
    checkpoint.commit(Commit(events=events))
    assert rows(engine, "events_default") == 4
    with engine.connect() as connection:
        assert days.undated(connection) == 4
    Days(engine).make(T0)
    assert rows(engine, "events_default") == rows(engine, "event_text_default") == 0
    assert rows(engine, days._name("events", T0 // DAY)) == rows(engine, days._name("event_text", T0 // DAY)) == 2
    checkpoint.commit(Commit(events=events))
    assert [event.id for event in SqlRecords(engine).export()] == [event.id for event in events]
    assert SqlRecords(engine).counts()["duplicates"] == 4


def test_days_go_whole_and_never_early(engine: Engine) -> None:
    """A day is dropped once all of it is past its time; the counters know how many rows went."""
    Days(engine).make(T0)
    checkpoint, records = SqlCheckpoint(engine, keep="full", retention=KEEP), SqlRecords(engine)
    checkpoint.commit(Commit(events=[an_event(number) for number in across_midnight()]))
    assert checkpoint.purge(NIGHT - 1 + 10 * DAY) == {}
    assert checkpoint.purge(NIGHT + 10 * DAY) == {"event_text": 2}
    assert [event.request is not None for event in records.export()] == [False, False, True, True]
    assert checkpoint.purge(NIGHT + 100 * DAY)["events"] == 2
    assert (records.counts()["events"], len(list(records.export()))) == (2, 2)


def test_the_log_is_taken_while_days_are_made(engine: Engine, url: str) -> None:
    """Several processes make the same days while another commits to them: all rows are there, once."""
    events = [[an_event(batch * 5_000 + n) for n in range(50)] for batch in range(12)]
    failures: list[BaseException] = []

    def make() -> None:
        own = connect(url)
        try:
            Days(own).make(T0)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)
        own.dispose()

    threads = [threading.Thread(target=make) for _ in range(3)]
    checkpoint = SqlCheckpoint(engine)
    checkpoint.commit(Commit(events=events[0]))
    for thread in threads:
        thread.start()
    for batch in events[1:]:
        checkpoint.commit(Commit(events=batch))
    for thread in threads:
        thread.join()
    Days(engine).make(T0)
    assert not failures
    assert [event.id for event in SqlRecords(engine).export()] == [event.id for batch in events for event in batch]
    assert rows(engine, "events_default") == 0


def test_a_day_that_cannot_be_made_now_is_made_later(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another transaction writes to the default partition, upkeep gives way instead of holding up the log."""
    monkeypatch.setattr(days, "WAIT", "50ms")
    with engine.connect() as other:
        other.execute(text("LOCK TABLE events_default IN ROW EXCLUSIVE MODE"))
        Days(engine).make(T0)
        assert T0 // DAY not in days._of(other, "events")
        other.rollback()
        Days(engine).make(T0)
        assert T0 // DAY in days._of(other, "events")
