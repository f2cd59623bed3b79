"""Migrations up and down, and what is said of a schema that does not fit."""

from __future__ import annotations

import threading
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from service.backends.sql import schema
from service.backends.sql.dialect import connect
from service.backends.sql.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database without tables."""
    return f"sqlite:///{tmp_path / 'revenuer.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A connection to it."""
    engine = connect(url)
    yield engine
    engine.dispose()


def revisions() -> list[str]:
    """Every revision, the first first."""
    return [script.revision for script in reversed(list(schema.scripts().walk_revisions()))]


def test_up_gives_the_tables_that_the_code_sees(url: str, engine: Engine) -> None:
    """Table by table, column by column, index by index."""
    schema.upgrade(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


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


def test_the_tables_can_be_made_on_postgres() -> None:
    """Every table and index compiles for it, with no type of SQLite's own."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    ddl = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    ddl += [str(CreateIndex(index).compile(dialect=dialect)) for t in metadata.sorted_tables for index in t.indexes]
    text = "\n".join(ddl)
    assert "BYTEA" in text
    assert "DOUBLE PRECISION" in text
    assert "WHERE window_start >= 0" in text
    assert "ROWID" not in text
    assert "BLOB" not in text


def test_the_migrations_speak_postgres() -> None:
    """Written as SQL for Postgres instead of run: up makes every table, down drops each of them."""
    steps = [schema.scripts().get_revision(revision).module for revision in revisions()]
    up = _as_sql(step.upgrade for step in steps)
    down = _as_sql(step.downgrade for step in reversed(steps))
    for table in metadata.tables:
        assert f"CREATE TABLE {table} " in up
        assert f"DROP TABLE {table};" in down


def _as_sql(steps: Iterable[Callable[[], None]]) -> str:
    buffer = StringIO()
    options = {"as_sql": True, "output_buffer": buffer}
    with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
        for step in steps:
            step()
    return buffer.getvalue()
