"""The database's schema: brought up, taken down, and compared with what this version needs."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from service.backends.sql import days
from service.backends.sql.dialect import available, connect, lock_schema, told, writing
from service.backends.sql.partitions import count as partitioned
from service.backends.sql.tables import partitions
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine


def upgrade(url: str) -> bool:
    """Bring the database to this version's schema; nothing happens where it has it already.

    Returns
    -------
    new
        Whether the database had no schema before.

    Raises
    ------
    StoreUnavailable
        The database cannot be changed now; it is as it was.

    """
    new = False

    def change(config: Config) -> None:
        nonlocal new
        connection = config.attributes["connection"]
        new = MigrationContext.configure(connection).get_current_revision() is None
        command.upgrade(config, "head")

    _run(url, change)
    _ahead(url)
    return new


def downgrade(url: str, revision: str) -> None:
    """Take the database back to an earlier schema; ``base`` is none at all, and no data.

    Raises
    ------
    StoreUnavailable
        The database cannot be changed now; it is as it was.

    """

    def change(config: Config) -> None:
        _refuse_several(config.attributes["connection"])
        command.downgrade(config, revision)

    _run(url, change)


def check(engine: Engine) -> str | None:
    """None where the schema is this version's, else one sentence: what is wrong and what to do."""
    script = scripts()
    head = script.get_current_head()
    try:
        with engine.begin() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except (SQLAlchemyError, OSError) as error:
        cause, advice = told(error)
        advice = advice or "see that it runs, has disk space and is at the URL given"
        return f"the database does not answer: {cause}; {advice}"
    if current == head:
        return None
    if current is None:
        return "the database has no tables yet: start the worker once, it makes them"
    if current not in {revision.revision for revision in script.walk_revisions()}:
        return (
            f"the database was written by a newer version (schema {current}, this one knows {head}): run that version"
        )
    return f"the database has schema {current} and this version needs {head}: restart the worker, it upgrades it"


def _run(url: str, change: Callable[[Config], None]) -> None:
    engine = connect(url, patient=True)
    try:
        # One transaction under the database's own lock: processes that start together take turns.
        with available("change its schema"), writing(engine).begin() as connection:
            lock_schema(connection)
            config = _config()
            config.attributes["connection"] = connection
            change(config)
    finally:
        engine.dispose()


def _ahead(url: str) -> None:
    engine = connect(url)
    try:
        with available("make the log's days"):
            days.ahead(engine)
    finally:
        engine.dispose()


def _refuse_several(connection: Connection) -> None:
    """An older schema has no place for more than one partition's states."""
    if inspect(connection).has_table(partitions.name) and partitioned(connection) > 1:
        raise StoreUnavailable(
            "the database has several partitions, which an older schema cannot hold; nothing was changed; "
            "run 'revenuer db partitions 1' first"
        )


def scripts() -> ScriptDirectory:
    """Every step there is."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    return config
