"""Another number of partitions, while nothing runs: whatever belongs to a caller goes where the caller goes.

A partition is a run of shards. A new one that lies within an old one takes over its places as
they are; one that takes shards of several needs them all at the same place of every source,
because what is behind in one would be counted again in another. Every epoch goes up, so a worker
of before commits nothing any more.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from service.backends.sql import queries
from service.backends.sql.bulk import chosen, put
from service.backends.sql.dialect import available, lock_schema, writing
from service.backends.sql.names import values
from service.backends.sql.tables import counters, entities, events, footprints, meta, open_queries, partitions, sources
from service.model.entity import Entity, Scope
from service.model.ids import SHARDS, partition_of, shard
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine

    Combine = Callable[[Sequence[bytes]], bytes]

GATHERED = "coordination"
"""The blob that the first partition has for all."""
ALIVE = 30
"""Seconds within which a claim or commit means that a worker is alive."""


def repartition(engine: Engine, number: int, combine: Mapping[str, Combine], *, owner: str = "") -> int:
    """Bring the database to so many partitions; how many it had.

    Parameters
    ----------
    engine
        One that waits for long statements.
    number
        Partitions from now on.
    combine
        Name of a blob of ``meta`` -> how those of several partitions become one.
    owner
        Whose own claim means nothing.

    Raises
    ------
    StoreUnavailable
        A worker is alive, or the places of partitions that would become one differ. Nothing was changed.

    """
    with available("be parted anew"), writing(engine).begin() as connection:
        lock_schema(connection)
        held = connection.execute(select(partitions).order_by(partitions.c.number).with_for_update()).all()
        _refuse_alive(held, owner)
        before = max(len(held), 1)
        if before == number and held:
            return before
        _places(connection, before, number)
        _footprints(connection)
        _blobs(connection, before, number, combine)
        _open(connection, number)
        _entities(connection, number)
        total = func.sum(counters.c.value).label("value")
        sums = connection.execute(select(counters.c.name, total).group_by(counters.c.name)).all()
        _replaced(connection, counters, [{"name": r.name, "partition": 0, "value": int(r.value)} for r in sums])
        epoch = max((row.epoch for row in held), default=0) + 1
        fresh = {"epoch": epoch, "owner": "", "since": 0, "active": 0}
        _replaced(connection, partitions, [{"number": n, **fresh} for n in range(number)])
    return before


def overlapping(new: int, number: int, before: int) -> list[int]:
    """The old partitions that have shards of the new one."""
    shards = [s for s in range(SHARDS) if s * number // SHARDS == new]
    return sorted({s * before // SHARDS for s in shards})


def _refuse_alive(held: Sequence[Any], owner: str) -> None:
    since = (time.time() - ALIVE) * 1e6
    for row in held:
        if row.owner and row.owner != owner and max(row.since, row.active) > since:
            raise StoreUnavailable(
                f"worker '{row.owner}' held partition {row.number} within the last {ALIVE} seconds; nothing was "
                f"changed; stop every gateway, shipper and worker, and try again after {ALIVE} seconds"
            )


def _places(connection: Connection, before: int, number: int) -> None:
    old: dict[int, dict[str, Any]] = defaultdict(dict)
    for row in connection.execute(select(sources)):
        old[row.partition][row.source] = row
    rows = []
    for new in range(number):
        olds = [old[p] for p in overlapping(new, number, before)]
        for source in sorted(set().union(*olds)):
            at = {(o[source].position, o[source].logged) if source in o else (0, 0) for o in olds}
            if len(at) > 1:
                raise StoreUnavailable(
                    f"partitions that would become one stand at different places of source '{source}'; nothing was "
                    "changed; stop the gateways, let the workers take what waits, and then stop them too"
                )
            position, logged = at.pop()
            seen = max(o[source].seen for o in olds if source in o)
            rows.append({"partition": new, "source": source, "position": position, "logged": logged, "seen": seen})
    _replaced(connection, sources, rows)


def _footprints(connection: Connection) -> None:
    """The first partition, which gathers them, has them all from here on, numbered in order of their slots."""
    order = (footprints.c.slot, footprints.c.number, footprints.c.partition)
    rows, last = [], 0
    for row in connection.execute(select(footprints).order_by(*order)).all():
        last = max(last + 1, row.number)
        rows.append({"partition": 0, "number": last, "slot": row.slot, "data": bytes(row.data)})
    _replaced(connection, footprints, rows)


def _blobs(connection: Connection, before: int, number: int, combine: Mapping[str, Combine]) -> None:
    found = {(row.partition, row.name): bytes(row.value) for row in connection.execute(select(meta))}
    rows = []
    for new in range(number):
        olds = overlapping(new, number, before)
        for name in sorted({name for partition, name in found if partition in olds and name != GATHERED}):
            blobs = [found[p, name] for p in olds if (p, name) in found]
            value = blobs[0] if len(blobs) == 1 else combine[name](blobs)
            rows.append({"partition": new, "name": name, "value": value})
    if blobs := [value for (_, name), value in sorted(found.items()) if name == GATHERED]:
        value = blobs[0] if len(blobs) == 1 else combine[GATHERED](blobs)
        rows.append({"partition": 0, "name": GATHERED, "value": value})
    _replaced(connection, meta, rows)


def _open(connection: Connection, number: int) -> None:
    """By the shard in the event's id, as its end will be."""
    by_partition: dict[int, list[bytes]] = defaultdict(list)
    for event in connection.execute(select(open_queries.c.event_id).distinct()).scalars():
        by_partition[partition_of(bytes(event), number)].append(bytes(event))
    for partition, ids in by_partition.items():
        for some in chosen(connection, open_queries.c.event_id, ids):
            connection.execute(update(open_queries).where(some).values(partition=partition))


def _entities(connection: Connection, number: int) -> None:
    """By the account and org of its newest query in the log."""
    by_partition: dict[tuple[str, int], list[str]] = defaultdict(list)
    rows = connection.execute(select(entities.c.scope, entities.c.value)).all()
    for row in rows:
        caller = _caller(connection, Entity(Scope(row.scope), row.value))
        by_partition[row.scope, shard(*caller) * number // SHARDS].append(row.value)
    for (scope, partition), found in by_partition.items():
        for some in chosen(connection, entities.c.value, found):
            own = entities.c.scope == scope
            connection.execute(update(entities).where(own, some).values(partition=partition))


def _caller(connection: Connection, entity: Entity) -> tuple[str, str]:
    """Org and account of an entity."""
    if entity.scope is Scope.ORG:
        return entity.value, ""
    query = queries.recent(entity)
    if query is not None:
        newest = query.with_only_columns(events.c.org, events.c.account).limit(1)
        row = connection.execute(newest).first()
        if row is not None:
            text = values(connection, (row.org, row.account))
            return text[row.org], text[row.account]
    # Its queries are past their time in the log, and then so are its states.
    return "", entity.value.partition("/")[0] if entity.scope is Scope.END_USER else entity.value


def _replaced(connection: Connection, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    connection.execute(delete(table))
    put(connection, table, list(rows))
