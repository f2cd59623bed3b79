"""Strings stored once and referred to by number."""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import case, select

from service.backends.sql.dialect import insert
from service.backends.sql.tables import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.engine import Connection

T = TypeVar("T")

CHUNK = 500
"""Values in one IN list: far below the bound of 32,766 parameters, and few shapes for the statement cache."""
DAY = 86_400_000_000
"""Microseconds."""


def digest(value: str) -> bytes:
    """The key that a string is found by."""
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most ``size``."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


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

    def missing(self, value: str, day: int) -> bool:
        """Whether :meth:`intern` must see the string before :meth:`number` is asked for it."""
        known = self._known.get(value)
        return known is None or known[1] < day

    def intern(self, connection: Connection, wanted: Mapping[str, int]) -> None:
        """Learn the numbers of the strings, string -> day of its use, making what rows are not there."""
        if len(self._known) + len(wanted) > self._remember:
            self._known.clear()
        keys = {digest(value): value for value in wanted}
        # In order of their keys, so that two writers lock them in the same order.
        rows = [{"digest": key, "value": keys[key], "used": wanted[keys[key]]} for key in sorted(keys)]
        statement = insert(connection, names)
        newest = case((names.c.used > statement.excluded.used, names.c.used), else_=statement.excluded.used)
        upsert = statement.on_conflict_do_update(index_elements=[names.c.digest], set_={"used": newest})
        if rows:
            connection.execute(upsert, rows)
        for chunk in chunks(keys):
            for row in connection.execute(select(names.c.id, names.c.digest).where(names.c.digest.in_(chunk))):
                value = keys[row.digest]
                self._known[value] = (row.id, wanted[value])

    def number(self, value: str) -> int | None:
        """The string's number, None for the empty string."""
        return self._known[value][0] if value else None


def values(connection: Connection, numbers: Iterable[int | None]) -> dict[int | None, str]:
    """The strings of the numbers; None is the empty string."""
    found: dict[int | None, str] = {None: ""}
    for chunk in chunks({number for number in numbers if number is not None}):
        found.update((row.id, row.value) for row in connection.execute(select(names).where(names.c.id.in_(chunk))))
    return found
