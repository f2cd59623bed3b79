"""What a commit writes beside the log: the sources' places, open queries, counters, and rows of what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from service.backends.sql.bulk import insert, put
from service.backends.sql.tables import counters, open_queries, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.engine import Connection

    from service.model.entity import Entity
    from service.model.query import Gap
    from service.ports import Commit, EntityState


def advance(connection: Connection, commit: Commit) -> None:
    """Move the sources' places forward, both stages'.

    Raises
    ------
    ValueError
        A place lies before the stored one.

    """
    wanted = commit.positions.keys() | commit.logged.keys()
    stored = {row.source: row for row in connection.execute(select(sources).where(sources.c.source.in_(wanted)))}
    rows = []
    for source in wanted:
        before = (stored[source].position, stored[source].logged) if source in stored else (0, 0)
        after = (commit.positions.get(source, before[0]), commit.logged.get(source, before[1]))
        if after[0] < before[0] or after[1] < before[1]:
            raise ValueError(
                f"commit at {after} of source '{source}', which is at {before}: "
                "two workers share one database; stop one of them"
            )
        rows.append({"source": source, "position": after[0], "logged": after[1]})
    put(connection, sources, rows)


def open_and_close(connection: Connection, stage: str, opened: Mapping[bytes, bytes], closed: Iterable[bytes]) -> None:
    """Keep what was opened and let go what was closed, in one stage."""
    put(connection, open_queries, [{"stage": stage, "event_id": key, "sealed": value} for key, value in opened.items()])
    rows = [{"closing": key} for key in closed]
    if rows:
        chosen = (open_queries.c.stage == stage) & (open_queries.c.event_id == bindparam("closing"))
        connection.execute(delete(open_queries).where(chosen), rows)


def count(connection: Connection, more: Mapping[str, int]) -> None:
    """Add to the counters."""
    rows = [{"name": name, "value": number} for name, number in sorted(more.items()) if number]
    if rows:
        statement = insert(connection, counters)
        total = {"value": counters.c.value + statement.excluded.value}
        connection.execute(statement.on_conflict_do_update(index_elements=[counters.c.name], set_=total), rows)


def key(entity: Entity) -> dict[str, Any]:
    """The columns that an entity is found by."""
    return {"scope": entity.scope.value, "value": entity.value}


def entity_row(entity: Entity, state: EntityState) -> dict[str, Any]:
    """The narrow row of an entity; its states go beside it."""
    return {
        **key(entity),
        "queries": state.queries,
        "first_seen": state.first_seen,
        "last_seen": state.last_seen,
        "window_start": state.window,
        "raised": state.raised,
    }


def gap_row(source: str, gap: Gap) -> dict[str, Any]:
    """The row of what a source could not log."""
    return {"source": source, "first": gap.first, "last": gap.last, "starts": gap.starts, "ends": gap.ends}
