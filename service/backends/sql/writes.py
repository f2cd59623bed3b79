"""What a commit writes beside the log: the sources' places, open queries, counters, and rows of what it holds."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import msgspec
from sqlalchemy import delete, or_, select

from service.backends.sql.bulk import chosen, insert, put, put_new
from service.backends.sql.dialect import is_postgres
from service.backends.sql.tables import counters, meta, open_queries, partitions, sources
from service.backends.sql.tables import footprints as prints
from service.ports import SLOT, Gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.engine import Connection

    from service.model.entity import Entity
    from service.model.query import Gap
    from service.ports import Commit, EntityState


AT_ONCE = 4096
"""Rows of footprints that are gathered at once."""
_SMALL = b"\0zlib"
"""Before states that were made small."""


@dataclass(slots=True)
class Places:
    """Where the sources of a partition stand, as last stored."""

    partition: int
    stored: dict[str, tuple[int, int]]
    """Source -> position of the states, and of the log."""

    @classmethod
    def read(cls, connection: Connection, partition: int) -> Self:
        """As the database has them."""
        found = connection.execute(select(sources).where(sources.c.partition == partition))
        return cls(partition, {row.source: (row.position, row.logged) for row in found})

    def moved(self, commit: Commit) -> dict[str, tuple[int, int]]:
        """Those that the commit moves, and where to.

        Raises
        ------
        ValueError
            A place lies before the stored one.

        """
        found = {}
        for source in commit.positions.keys() | commit.logged.keys():
            before = self.stored.get(source, (0, 0))
            after = (commit.positions.get(source, before[0]), commit.logged.get(source, before[1]))
            if after[0] < before[0] or after[1] < before[1]:
                raise ValueError(f"commit at {after} of source '{source}', which is at {before}")
            if after != before:
                found[source] = after
        return found

    def put(self, connection: Connection, moved: Mapping[str, tuple[int, int]], seen: int) -> None:
        """Store where they moved to at event time ``seen``."""
        rows = [
            {"partition": self.partition, "source": source, "position": at[0], "logged": at[1], "seen": seen}
            for source, at in moved.items()
        ]
        put(connection, sources, rows)


def open_and_close(
    connection: Connection, partition: int, stage: str, opened: Mapping[bytes, bytes], closed: Iterable[bytes]
) -> None:
    """Keep what was opened and let go what was closed, in one stage."""
    rows = [{"stage": stage, "event_id": key, "sealed": value, "partition": partition} for key, value in opened.items()]
    put(connection, open_queries, rows)
    for some in chosen(connection, open_queries.c.event_id, closed):
        connection.execute(delete(open_queries).where(open_queries.c.stage == stage, some))


def count(connection: Connection, partition: int, more: Mapping[str, int]) -> None:
    """Add to the counters."""
    rows = [{"name": name, "partition": partition, "value": number} for name, number in sorted(more.items()) if number]
    if rows:
        statement = insert(connection, counters)
        total = {"value": counters.c.value + statement.excluded.value}
        upsert = statement.on_conflict_do_update(index_elements=list(counters.primary_key), set_=total)
        connection.execute(upsert, rows)


def footprints(connection: Connection, partition: int) -> dict[int, tuple[int, bytes]]:
    """What coordination has not folded yet."""
    rows = connection.execute(select(prints).where(prints.c.partition == partition).order_by(prints.c.number)).all()
    return {row.number: (row.slot, bytes(row.data)) for row in rows}


def gathered(connection: Connection, partition: int, after: Mapping[int, int]) -> Gathered:
    """What coordination has not folded of the other partitions, beyond the numbers, and how far those have come."""
    others = partitions.outerjoin(meta, (meta.c.partition == partitions.c.number) & (meta.c.name == "time"))
    query = select(partitions.c.number, meta.c.value).select_from(others).where(partitions.c.number != partition)
    # The times first: what is committed between the two questions may be among the rows, and cannot be missing.
    times = {row.number: int.from_bytes(row.value or b"", "big") for row in connection.execute(query)}
    if not times:
        return Gathered()
    new = or_(*((prints.c.partition == other) & (prints.c.number > after.get(other, 0)) for other in sorted(times)))
    order = (prints.c.slot, prints.c.partition, prints.c.number)
    rows = connection.execute(select(prints).where(new).order_by(*order).limit(AT_ONCE)).all()
    if len(rows) == AT_ONCE:
        # There may be more of the last slot, but not of any before.
        times = {other: min(time, rows[-1].slot * SLOT) for other, time in times.items()}
    return Gathered([(row.slot, row.partition, row.number, bytes(row.data)) for row in rows], times)


def put_footprints(connection: Connection, partition: int, commit: Commit) -> None:
    """Keep what is new, let go of what is folded."""
    for which, upto in commit.folded.items():
        connection.execute(delete(prints).where((prints.c.partition == which) & (prints.c.number <= upto)))
    rows = [
        {"partition": partition, "number": number, "slot": slot, "data": data}
        for number, (slot, data) in commit.footprints.items()
        if number > commit.folded.get(partition, 0)
    ]
    put_new(connection, prints, rows)


def key(entity: Entity) -> dict[str, Any]:
    """The columns that an entity is found by."""
    return {"scope": entity.scope.value, "value": entity.value}


def entity_row(partition: int, entity: Entity, state: EntityState) -> dict[str, Any]:
    """The narrow row of an entity; its states go beside it."""
    return {
        **key(entity),
        "queries": state.queries,
        "first_seen": state.first_seen,
        "last_seen": state.last_seen,
        "window_start": state.window,
        "raised": state.raised,
        "partition": partition,
    }


def states_row(connection: Connection, entity: Entity, state: EntityState) -> dict[str, Any]:
    """The entity's states. For Postgres they are made small here: by itself it does so for four times the work."""
    states = state.states
    if is_postgres(connection) or states.startswith(_SMALL):
        states = _SMALL + zlib.compress(states, 1)
    return {**key(entity), "states": states}


def states_of(stored: bytes) -> bytes:
    """The states of such a row, made small or not."""
    return zlib.decompress(stored[len(_SMALL) :]) if stored.startswith(_SMALL) else stored


def gap_row(source: str, gap: Gap) -> dict[str, Any]:
    """The row of what a source could not log."""
    return {"source": source, **msgspec.structs.asdict(gap)}
