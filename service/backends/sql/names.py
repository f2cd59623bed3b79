"""Strings stored once and referred to by number."""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import case, select

from service.backends.sql.bulk import insert
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
        # In order of their keys, so that two writers lock them in the same order.
        rows = [{"digest": key, "value": keys[key], "used": wanted[keys[key]]} for key in sorted(keys)]
        statement = insert(connection, names)
        newest = case((names.c.used > statement.excluded.used, names.c.used), else_=statement.excluded.used)
        upsert = statement.on_conflict_do_update(index_elements=[names.c.digest], set_={"used": newest})
        connection.execute(upsert, rows)
        for chunk in chunks(keys):
            for row in connection.execute(select(names.c.id, names.c.digest).where(names.c.digest.in_(chunk))):
                value = keys[row.digest]
                self._known[value] = (row.id, wanted[value])

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


def values(connection: Connection, numbers: Iterable[int | None]) -> dict[int | None, str]:
    """The strings of the numbers; None is the empty string."""
    found: dict[int | None, str] = {None: ""}
    for chunk in chunks({number for number in numbers if number is not None}):
        found.update((row.id, row.value) for row in connection.execute(select(names).where(names.c.id.in_(chunk))))
    return found
