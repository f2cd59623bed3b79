"""One database into another, table by table: how an installation moves from a file to Postgres.

Rows go in the order of their keys and are only added, so a copy that was broken off goes on when
it is started again. What was there before the first start is refused: nothing is ever mixed up.
The source's partitions are claimed first, so a worker that is alive is fenced off, and noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, text, tuple_

from service.backends.sql import partitions
from service.backends.sql.bulk import put, put_new
from service.backends.sql.days import Days
from service.backends.sql.dialect import available, is_postgres, writing
from service.backends.sql.names import DAY
from service.backends.sql.tables import events, meta, metadata
from service.backends.sql.tables import partitions as held
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection, Engine, Row

PAGE = 2_000
"""Rows of one transaction."""
MARK = {"partition": -1, "name": "copying", "value": b"1"}
"""In the target while it is not whole."""
OWNER = "revenuer db copy"


def copy(source: Engine, target: Engine, on_rows: Callable[[str, int, int], None]) -> int:
    """Copy everything; how many rows that were.

    Parameters
    ----------
    source, target
        Both with this version's schema.
    on_rows
        Told after each page: the table, its rows copied, and all it has.

    Raises
    ------
    StoreUnavailable
        The target is not empty, a worker is alive on the source, or rows are missing in the end.

    """
    with available("be copied"):
        holds = _claimed(source)
        _begin(target)
        total = sum(_table(source, target, table, on_rows) for table in metadata.sorted_tables)
        _end(source, target, holds)
    return total


def _claimed(source: Engine) -> list[partitions.Hold]:
    """Every partition of the source taken from whoever has it, by number."""
    with writing(source).begin() as connection:
        numbers = connection.execute(select(held.c.number).order_by(held.c.number)).scalars().all()
        return [partitions.claim(connection, number, OWNER) for number in numbers]


def _begin(target: Engine) -> None:
    """Mark the target as not whole; refuse one that has rows and no mark."""
    with writing(target).begin() as connection:
        begun = connection.execute(select(meta).where(meta.c.name == MARK["name"])).first() is not None
        full = [table.name for table in metadata.sorted_tables if _any(connection, table)]
        if full and not begun:
            raise StoreUnavailable(
                f"the target is not empty (it has rows in '{full[0]}'); nothing was copied; name an empty database"
            )
        put(connection, meta, [MARK])


def _table(source: Engine, target: Engine, table: Table, on_rows: Callable[[str, int, int], None]) -> int:
    with source.begin() as connection:
        rows = _count(connection, table)
    if table is events:
        _make_days(source, target)
    done = 0
    for page in _pages(source, table):
        with writing(target).begin() as connection:
            put_new(connection, table, [dict(row._mapping) for row in page])  # noqa: SLF001 - SQLAlchemy's public name for it
        done += len(page)
        on_rows(table.name, done, max(rows, done))
    return done


def _pages(source: Engine, table: Table) -> Iterator[Sequence[Row[Any]]]:
    """The table's rows in the order of their keys; no reader holds a transaction open for hours."""
    key = list(table.primary_key)
    last: Row[Any] | None = None
    while True:
        query = select(table).order_by(*key).limit(PAGE)
        if last is not None:
            place = [last._mapping[column] for column in key]  # noqa: SLF001 - likewise
            query = query.where(tuple_(*key) > tuple_(*place, types=[column.type for column in key]))
        with source.begin() as connection:
            page = connection.execute(query).all()
        if page:
            yield page
            last = page[-1]
        if len(page) < PAGE:
            return


def _make_days(source: Engine, target: Engine) -> None:
    """A partition for each day of the log that has rows."""
    with source.begin() as connection:
        first, last = connection.execute(select(func.min(events.c.done), func.max(events.c.done))).one()
    if first is not None:
        Days(target).make(*range(first - DAY, last + DAY, DAY))


def _end(source: Engine, target: Engine, holds: Sequence[partitions.Hold]) -> None:
    own = select(held.c.number, held.c.owner, held.c.epoch, held.c.active).order_by(held.c.number)
    with source.begin() as ours, writing(target).begin() as theirs:
        if [partitions.Hold(*row) for row in ours.execute(own)] != holds:
            raise StoreUnavailable("a worker is alive on the source; stop it, and start the copy again")
        theirs.execute(delete(meta).where(meta.c.name == MARK["name"], meta.c.partition == MARK["partition"]))
        for each in metadata.sorted_tables:
            there, here = _count(ours, each), _count(theirs, each)
            if there != here:
                raise StoreUnavailable(
                    f"'{each.name}' has {here:,} rows in the target and {there:,} in the source: "
                    "something else writes to one of them; stop it, and start the copy again"
                )
        if is_postgres(theirs):
            next_one = "SELECT setval(pg_get_serial_sequence('names', 'id'), (SELECT max(id) FROM names))"
            theirs.execute(text(next_one))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _any(connection: Connection, table: Table) -> bool:
    return connection.execute(select(table).limit(1)).first() is not None
