"""A database as full as a busy installation's: events, evaluations, flags, and the alerts that they were gathered into.

One event of each account, its flag and its evaluations go in as a worker stores them; the rest of the log are copies of
those rows under ids and times of their own, inserted in bulk. The first account is a heavy one, with a tenth of all
events and a fiftieth of all flags.
"""

from __future__ import annotations

import dataclasses
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from service.backends.sql.bulk import put_new
from service.backends.sql.dialect import connect, writing
from service.backends.sql.tables import event_text, events
from service.bootstrap.stores import stores
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.ids import event_id, text_id
from service.ports import Commit
from service.review.desk import Desk
from tests.contracts.factories import SECOND, a_flag, a_query, a_state, an_evaluation, an_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection, Engine

    from service.bootstrap.stores import Stores
    from service.model.query import QueryEvent
    from service.settings import Settings

HEAVY = 10
"""One of so many events is of the heavy account."""
HEAVY_FLAGS = 50
"""One of so many flags is of it."""
EVALUATIONS = 10
"""Of each account; the heavy one has an hour's of every day besides."""
DAYS = 14
HOUR = 3600 * SECOND
CHUNK = 5_000
WORST = (Severity.MEDIUM, Severity.MEDIUM, Severity.HIGH, Severity.MEDIUM, Severity.CRITICAL)


def load(settings: Settings, *, events: int, flags: int) -> None:
    """Fill an empty installation's database with that many events and flags, and gather the flags."""
    held = stores(settings)
    accounts = flags - flags // HEAVY_FLAGS
    first = [
        an_event(number, account=_account(number), query=a_query(model=f"model-{number % 5}"))
        for number in range(accounts)
    ]
    for batch in _portions(first, CHUNK):
        held.checkpoint.commit(_commit(batch))
    held.checkpoint.commit(_heavy(first[0], flags - accounts))
    _days(held, first[0])
    _multiply(settings, events)
    desk = Desk(held.alerts, held.records)
    while desk.gather():
        pass
    held.close()


def _account(number: int) -> str:
    return f"acct-{number:05}"


def _commit(batch: Sequence[QueryEvent]) -> Commit:
    """The events, and what a worker would store of their accounts."""
    entities = [Entity(Scope.ACCOUNT, event.account) for event in batch]
    return Commit(
        events=list(batch),
        entities=dict.fromkeys(entities, a_state()),
        evaluations=[
            dataclasses.replace(an_evaluation(number), entity=entity)
            for entity in entities
            for number in range(EVALUATIONS)
        ],
        flags=[
            _flag(event, entity, WORST[number % len(WORST)])
            for number, (event, entity) in enumerate(zip(batch, entities, strict=True))
        ],
    )


def _flag(event: QueryEvent, entity: Entity, severity: Severity) -> Any:
    score = 0.9 + event.id[-1] / 2560  # no two alike, as a rule: the queue is ordered by it
    return dataclasses.replace(
        a_flag(), id=text_id(event_id(event.done)), entity=entity, severity=severity, score=score,
        flagged_at=event.done, events=(text_id(event.id),),
    )  # fmt: skip


def _heavy(event: QueryEvent, flags: int) -> Commit:
    entity = Entity(Scope.ACCOUNT, event.account)
    hours = range(EVALUATIONS, DAYS * 24)
    return Commit(
        evaluations=[dataclasses.replace(an_evaluation(number), entity=entity) for number in hours],
        flags=[
            dataclasses.replace(_flag(event, entity, Severity.MEDIUM), flagged_at=event.done + (number + 1) * HOUR)
            for number in range(flags)
        ],
    )


def _days(held: Stores, event: QueryEvent) -> None:
    """One event a day, so that every day has its partition."""
    for day in range(1, DAYS):
        at = event.at + day * 24 * HOUR
        held.checkpoint.commit(Commit(events=[dataclasses.replace(event, id=event_id(at), at=at, done=at + SECOND)]))


def _multiply(settings: Settings, wanted: int) -> None:
    """Copy the stored rows until there are so many."""
    engine = connect(settings.database_url)
    try:
        with engine.begin() as connection:
            there = connection.execute(select(func.count()).select_from(events)).scalar_one()
            rows = [dict(row) for row in connection.execute(select(events).order_by(events.c.id)).mappings()]
            bodies = dict(map(tuple, connection.execute(select(event_text.c.event_id, event_text.c.body))))
        copies = islice(_copies(rows, bodies, (wanted - there)), wanted - there)
        for batch in _portions(copies, CHUNK):
            _put(engine, batch)
        if not settings.database_url.startswith("sqlite"):
            _analyse(engine)
    finally:
        engine.dispose()


def _copies(
    rows: Sequence[dict[str, Any]], bodies: dict[bytes, bytes], wanted: int
) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    heavy, first = rows[0]["account"], rows[0]["done"]
    step = (DAYS * 24 * HOUR - 2 * SECOND) // max(wanted, 1)
    for number in count():
        row = rows[number % len(rows)]
        done = first + number * step
        copy = row | {"id": event_id(done - row["took"]), "done": done}
        yield copy | ({"account": heavy} if number % HEAVY == 0 else {}), bodies.get(row["id"])


def _analyse(engine: Engine) -> None:
    """What Postgres does by itself, a while after so many rows; on SQLite nobody does it."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _put(engine: Engine, batch: Sequence[tuple[dict[str, Any], bytes | None]]) -> None:
    with writing(engine).begin() as connection:
        put_new(connection, events, [row for row, _ in batch])
        _texts(connection, batch)


def _texts(connection: Connection, batch: Sequence[tuple[dict[str, Any], bytes | None]]) -> None:
    texts = [{"event_id": row["id"], "body": body} for row, body in batch if body is not None]
    if texts:
        put_new(connection, event_text, texts)


def _portions(values: Any, size: int) -> Iterator[list[Any]]:
    rest = iter(values)
    while portion := list(islice(rest, size)):
        yield portion
