"""Migrations up and down, and what is said of a schema that does not fit."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from service.backends.sql import schema
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.partitions import SqlPartitions
from service.backends.sql.records import SqlRecords
from service.backends.sql.tables import metadata
from service.ports import Commit, StoreUnavailable
from tests.contracts.factories import AN_ACCOUNT, a_state, an_event

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

A_DAY = re.compile(r"^(events|event_text)_(default|\d{8})")


@pytest.fixture
def url(bare_url: str) -> str:
    """A database without tables."""
    return bare_url


def revisions() -> list[str]:
    """Every revision, the first first."""
    return [script.revision for script in reversed(list(schema.scripts().walk_revisions()))]


def test_up_gives_the_tables_that_the_code_sees(url: str, engine: Engine) -> None:
    """Table by table, column by column, index by index; on Postgres beside them only the log's days."""
    schema.upgrade(url)
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": lambda _, name, *__: not A_DAY.search(name or "")}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_down_from_every_step_and_up_again(url: str, engine: Engine) -> None:
    """Each step back leaves the schema of the step before, the last one no table but Alembic's own."""
    schema.upgrade(url)
    for revision in [*reversed(revisions()[:-1]), "base"]:
        schema.downgrade(url, revision)
        assert schema.check(engine) is not None
    assert inspect(engine).get_table_names() == ["alembic_version"]
    schema.upgrade(url)
    assert schema.check(engine) is None


def test_up_twice_is_up_once(url: str, engine: Engine) -> None:
    """A restart changes nothing."""
    schema.upgrade(url)
    schema.upgrade(url)
    assert schema.check(engine) is None


def test_processes_that_start_together_take_turns(url: str, engine: Engine) -> None:
    """Several at once make the tables once, and none of them fails."""
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            schema.upgrade(url)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert schema.check(engine) is None


def test_check_says_what_to_do(url: str, engine: Engine) -> None:
    """Nothing there yet, and a newer version's schema."""
    message = schema.check(engine)
    assert message is not None
    assert "no tables yet" in message
    schema.upgrade(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    message = schema.check(engine)
    assert message is not None
    assert "9999" in message
    assert "newer version" in message


def test_what_was_stored_goes_with_the_schema(url: str, engine: Engine) -> None:
    """One step down and up again: the log, the places of the sources, open queries and counters are as they were."""
    schema.upgrade(url)
    checkpoint, records = SqlCheckpoint(engine, keep="full"), SqlRecords(engine)
    commit = Commit(
        positions={"a": 3},
        logged={"a": 5},
        events=[an_event(n) for n in range(3)],
        opened={b"1" * 16: b"sealed"},
        entities={AN_ACCOUNT: a_state()},
        meta={"time": b"1"},
    )
    checkpoint.commit(commit)
    before = _seen(checkpoint, records)
    schema.downgrade(url, revisions()[-2])
    schema.upgrade(url)
    assert _seen(SqlCheckpoint(engine), records) == before
    assert [event.id for event in before[1]] == [event.id for event in commit.events]


def test_several_partitions_have_no_place_in_an_older_schema(url: str, engine: Engine) -> None:
    """They are refused, not mixed up."""
    schema.upgrade(url)
    SqlPartitions(engine).ensure(2)
    with pytest.raises(StoreUnavailable, match="db partitions 1"):
        schema.downgrade(url, "base")
    assert schema.check(engine) is None


def _seen(checkpoint: SqlCheckpoint, records: SqlRecords) -> tuple[Any, ...]:
    return checkpoint.resume(), list(records.export()), dict(records.counts()), checkpoint.entities([AN_ACCOUNT])
