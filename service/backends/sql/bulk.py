"""Many rows at once, by the fastest way that each database has.

SQLite takes them row by row from a prepared statement. Postgres takes columns: one array for
each, opened by ``unnest``, so that a statement has as many parameters as the table has columns
however many rows there are, and ``ON CONFLICT`` keeps it idempotent, which COPY is not.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ARRAY, Boolean, Double, LargeBinary, String, Table, Text, cast, func, select
from sqlalchemy import literal as bound
from sqlalchemy.dialects import postgresql, sqlite

from service.backends.sql.dialect import is_postgres
from service.backends.sql.types import SafeText, escape, unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Column, ColumnElement, Select
    from sqlalchemy.engine import Connection, Dialect

    Insert = sqlite.Insert | postgresql.Insert
    Row = dict[str, Any]
    Write = Callable[[Any], str]

T = TypeVar("T")

CHUNK = 500
"""Values in one IN list: far below SQLite's bound of 32,766 parameters, and few shapes for the statement cache."""
ROWS = 4_096
"""Rows of one statement of Postgres."""
BYTES = 4 * 1024 * 1024
"""Bytes of large values in one: sent as hexadecimal, held a few times over while they are."""


def insert(connection: Connection, table: Table) -> Insert:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return _insert(connection.dialect.name, table)


def put_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet; how many those were."""
    return _many(connection, table, rows, overwrite=False)


def put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, or overwrite those with the same key; no key twice."""
    _many(connection, table, rows, overwrite=True)


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most ``size``."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def chosen(connection: Connection, column: Column[Any], values: Iterable[Any]) -> Iterator[ColumnElement[bool]]:
    """Conditions that together choose the rows with one of the values: one parameter each where the database can."""
    if not is_postgres(connection):
        for chunk in chunks(values):
            yield column.in_(chunk)
        return
    kind = Text() if isinstance(column.type, (String, SafeText)) else column.type
    for chunk in chunks(values, ROWS):
        # As a set and not by ANY: where Postgres reads the table, it compares each row with the whole of an array.
        yield column.in_(select(func.unnest(cast(bound(literal(column, chunk), Text()), ARRAY(kind)))))


def matching(
    connection: Connection, query: Select[Any], column: Column[Any], values: Iterable[Any]
) -> Iterator[tuple[Any, ...]]:
    """Rows of the query whose column has one of the values, of a type that SQLite takes as it is.

    Parameters
    ----------
    query
        Without parameters of its own, and always the same object: its text is made once.

    """
    if is_postgres(connection):
        for some in chosen(connection, column, values):
            yield from map(tuple, connection.execute(query.where(some)))
        return
    safe = [place for place, selected in enumerate(query.selected_columns) if isinstance(selected.type, SafeText)]
    for chunk in chunks(values):
        # A power of two, so that there are few texts; a value that is there twice finds its row once.
        size = min(1 << (len(chunk) - 1).bit_length(), CHUNK)
        found = connection.exec_driver_sql(
            _matched(connection.dialect, query, column, size), (*chunk, *chunk[-1:] * (size - len(chunk)))
        )
        for row in found:
            values_of = list(row)
            for place in safe:
                values_of[place] = None if row[place] is None else unescape(row[place])
            yield tuple(values_of)


def literal(column: Column[Any], values: Iterable[Any]) -> str:
    """The values as a Postgres array of the column's type, in text."""
    write = _writer(column)
    return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"


def array_type(column: Column[Any]) -> str:
    """The name of that array's type."""
    return f"{column.type.compile(dialect=_POSTGRES)}[]"


def _many(connection: Connection, table: Table, rows: Sequence[Row], *, overwrite: bool) -> int:
    if not rows:
        return 0
    if is_postgres(connection):
        sql = _unnested(connection.dialect, table, overwrite)
        columns = list(table.columns)
        taken = 0
        for some in _portions(table, rows):
            # Each value is spelt by us: what SQLAlchemy and the driver do with each of them costs more than the
            # database does.
            arrays = tuple([literal(column, map(itemgetter(column.name), some)) for column in columns])
            taken += connection.exec_driver_sql(sql, arrays).rowcount
        return taken
    sql, names = _compiled(connection.dialect, table, overwrite)
    # Handed to the driver as they are, for the same reason. The only type that would change anything is SafeText.
    for name in _safe_texts(table):
        rows = [{**row, name: escape(row[name])} for row in rows]
    return connection.exec_driver_sql(sql, list(map(itemgetter(*names), rows))).rowcount


def _portions(table: Table, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in runs small enough for one statement."""
    large = [column.name for column in table.columns if isinstance(column.type, LargeBinary) and not column.primary_key]
    start, size = 0, 0
    for i, row in enumerate(rows):
        more = sum(len(row[name]) for name in large if row[name] is not None)
        if i > start and (i - start >= ROWS or size + more > BYTES):
            yield rows[start:i]
            start, size = i, 0
        size += more
    yield rows[start:]


def _insert(name: str, table: Table) -> Insert:
    statement: Insert = sqlite.insert(table) if name == "sqlite" else postgresql.insert(table)
    return statement


@lru_cache
def _compiled(dialect: Dialect, table: Table, overwrite: bool) -> tuple[str, Sequence[str]]:  # noqa: FBT001
    """The statement's text and the order of its parameters."""
    compiled = _on_conflict(_insert(dialect.name, table), table, overwrite=overwrite).compile(dialect=dialect)
    return str(compiled), [column.name for column in table.columns]


def _on_conflict(statement: Insert, table: Table, *, overwrite: bool) -> Insert:
    if not overwrite:
        return statement.on_conflict_do_nothing()
    rest = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


@lru_cache
def _matched(dialect: Dialect, query: Select[Any], column: Column[Any], size: int) -> str:
    """The query's text for so many values, handed to the driver as they are: SQLAlchemy looks at each of them."""
    chosen_ones = query.where(column.in_([None] * size))
    return str(chosen_ones.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))


@lru_cache
def _unnested(dialect: Dialect, table: Table, overwrite: bool) -> str:  # noqa: FBT001
    """The statement's text; its parameters are one array a column."""
    quote = dialect.identifier_preparer.quote
    columns = list(table.columns)
    names = ", ".join(quote(column.name) for column in columns)
    arrays = ", ".join(f"CAST(%s AS {array_type(column)})" for column in columns)
    end = "DO NOTHING"
    if overwrite:
        key = ", ".join(quote(column.name) for column in table.primary_key)
        rest = ", ".join(f"{quote(c.name)} = excluded.{quote(c.name)}" for c in columns if not c.primary_key)
        end = f"({key}) DO UPDATE SET {rest}"
    return f"INSERT INTO {quote(table.name)} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT {end}"  # noqa: S608 - names of our own


@lru_cache
def _safe_texts(table: Table) -> Sequence[str]:
    return [column.name for column in table.columns if isinstance(column.type, SafeText)]


_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


@lru_cache(maxsize=512)
def _writer(column: Column[Any]) -> Write:
    """How an element of that column's array is spelt."""
    if isinstance(column.type, SafeText):
        return lambda value: _quoted(escape(value))
    if isinstance(column.type, String):
        return _quoted
    if isinstance(column.type, LargeBinary):
        return lambda value: f'"\\\\x{value.hex()}"'
    if isinstance(column.type, Boolean):
        return lambda value: "t" if value else "f"
    return repr if isinstance(column.type, Double) else str


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
