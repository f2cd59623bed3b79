"""Strings stored once and referred to by number."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from sqlalchemy import case, select

from service.backends.sql.bulk import chosen, insert, literal
from service.backends.sql.dialect import is_postgres
from service.backends.sql.tables import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.engine import Connection

    from service.backends.sql.bulk import Row

DAY = 86_400_000_000
"""Microseconds."""
_UPSERT = (
    "INSERT INTO names (digest, value, used) "
    "SELECT * FROM unnest(CAST(%s AS bytea[]), CAST(%s AS text[]), CAST(%s AS integer[])) "
    "ON CONFLICT (digest) DO UPDATE SET used = greatest(names.used, excluded.used) RETURNING id, digest"
)
"""For Postgres; its parameters are arrays."""


def digest(value: str) -> bytes:
    """The key that a string is found by."""
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Names:
    """A writer's view of the table: string -> number, remembered.

    A row carries the newest day of event time that used it, and retention deletes a row only
    when that day is past the log's. So a remembered number is good for days up to the one it
    was remembered under, and beyond that the row is asked for again.
    """

    def __init__(self, remember: int = 200_000) -> None:
        self._remember = remember
        self._known: dict[str, tuple[int, int]] = {}

    def forget(self) -> None:
        """Forget all: the transaction that may have made them was rolled back."""
        self._known.clear()

    def want(self, wanted: dict[str, int], texts: Iterable[str], day: int) -> None:
        """Add to ``wanted`` those of the strings that :meth:`intern` must see before they have a number."""
        known = self._known
        for text in texts:
            if text and ((have := known.get(text)) is None or have[1] < day):
                wanted[text] = max(day, wanted.get(text, day))

    def intern(self, connection: Connection, wanted: Mapping[str, int]) -> None:
        """Learn the numbers of the strings, string -> day of its use, making what rows are not there."""
        if not wanted:
            return
        keys = {digest(value): value for value in wanted}
        rows = {key: {"digest": key, "value": keys[key], "used": wanted[keys[key]]} for key in sorted(keys)}
        found = _postgres(connection, rows) if is_postgres(connection) else _sqlite(connection, rows)
        for key, number in found:
            value = keys[key]
            self._known[value] = (number, wanted[value])

    def trim(self) -> None:
        """Keep the memory bounded; between transactions, since within one the numbers are in use."""
        if len(self._known) > self._remember:
            self._known.clear()

    def number(self, text: str) -> int | None:
        """The string's number, None for the empty string."""
        return self._known[text][0] if text else None

    def numbers(self, texts: Iterable[str]) -> list[int | None]:
        """The same for many."""
        known = self._known
        return [known[text][0] if text else None for text in texts]


def _sqlite(connection: Connection, rows: Mapping[bytes, Row]) -> Iterator[tuple[bytes, int]]:
    """Digests and numbers of the strings, their rows made or their day moved."""
    statement = insert(connection, names)
    newest = case((names.c.used > statement.excluded.used, names.c.used), else_=statement.excluded.used)
    upsert = statement.on_conflict_do_update(index_elements=[names.c.digest], set_={"used": newest})
    connection.execute(upsert, list(rows.values()))
    for some in chosen(connection, names.c.digest, rows):
        for row in connection.execute(select(names.c.id, names.c.digest).where(some)):
            yield row.digest, row.id


def _postgres(connection: Connection, rows: Mapping[bytes, Row]) -> Iterator[tuple[bytes, int]]:
    """The same by columns; only for rows that are missing or whose day is to move, because each upsert draws
    a number whether it needs one or not, and there are only 2**31 of them.
    """
    good = set()
    for some in chosen(connection, names.c.digest, rows):
        for row in connection.execute(select(names.c.id, names.c.digest, names.c.used).where(some)):
            key = bytes(row.digest)
            if row.used >= rows[key]["used"]:
                good.add(key)
                yield key, row.id
    # In order of their keys, so that two writers lock them in the same order.
    rest = [rows[key] for key in sorted(rows.keys() - good)]
    if rest:
        columns = (names.c.digest, names.c.value, names.c.used)
        arrays = tuple(literal(column, [row[column.name] for row in rest]) for column in columns)
        for row in connection.exec_driver_sql(_UPSERT, arrays):
            yield bytes(row.digest), row.id


def values(connection: Connection, numbers: Iterable[int | None]) -> dict[int | None, str]:
    """The strings of the numbers; None is the empty string."""
    found: dict[int | None, str] = {None: ""}
    for some in chosen(connection, names.c.id, {number for number in numbers if number is not None}):
        found.update((row.id, row.value) for row in connection.execute(select(names).where(some)))
    return found
