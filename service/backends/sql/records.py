"""What the API, the command line and the console read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Table, and_, func, or_, select, tuple_

from service.backends.sql import content, documents, events, keyset, schema
from service.backends.sql.dialect import available
from service.backends.sql.names import DAY, chunks, values
from service.backends.sql.tables import (
    counters,
    decisions,
    entities,
    evaluations,
    event_text,
    flags,
    gaps,
    open_queries,
    tokens,
    trail,
)
from service.backends.sql.tables import events as log
from service.model.decision import Kind
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.ports import Account, FlagFilter, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection, Engine, Row

    from service.model.flag import Evaluation, Flag
    from service.model.query import QueryEvent

PAGE = 1_000
"""Rows read at once by what goes through the whole log."""
SCORED = 30 * DAY
"""How far back of the stream's time an account's score is the highest of."""
COUNTED = (event_text, entities, trail, open_queries, evaluations, flags, decisions, tokens)


class SqlRecords:
    """``ports.Records`` on SQLAlchemy. Every method may raise ``StoreUnavailable``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def flags(self, where: FlagFilter, after: str | None, limit: int) -> Page[Flag]:
        """Flags by ``flagged_at``, newest first; ``since`` is within, ``until`` is not.

        Raises
        ------
        ValueError
            ``after`` is no place of this listing.

        """
        query = select(flags).where(*_chosen(where))
        if after is not None:
            query = query.where(_behind(flags.c.flagged_at, flags.c.id, after))
        rows = self._rows(query.order_by(flags.c.flagged_at.desc(), flags.c.id.desc()).limit(limit + 1))
        last = keyset.write(rows[limit - 1].flagged_at, rows[limit - 1].id) if len(rows) > limit else None
        return Page([documents.flag(row) for row in rows[:limit]], last)

    def flag(self, flag_id: str) -> Flag | None:
        """The flag of that id."""
        rows = self._rows(select(flags).where(flags.c.id == flag_id))
        return documents.flag(rows[0]) if rows else None

    def accounts(self, scope: Scope, after: str | None, limit: int) -> Page[Account]:
        """Entities of a scope by ``last_seen``, newest first.

        Raises
        ------
        ValueError
            ``after`` is no place of this listing.

        """
        query = _accounts().where(entities.c.scope == scope.value)
        if after is not None:
            query = query.where(_behind(entities.c.last_seen, entities.c.value, after))
        rows = self._rows(query.order_by(entities.c.last_seen.desc(), entities.c.value.desc()).limit(limit + 1))
        last = keyset.write(rows[limit - 1].last_seen, rows[limit - 1].value) if len(rows) > limit else None
        return Page([_account(row) for row in rows[:limit]], last)

    def account(self, entity: Entity) -> Account | None:
        """The entity as the listing shows it."""
        chosen = (entities.c.scope == entity.scope.value) & (entities.c.value == entity.value)
        rows = self._rows(_accounts().where(chosen))
        return _account(rows[0]) if rows else None

    def evaluations(self, entity: Entity, limit: int) -> Sequence[Evaluation]:
        """The entity's latest evaluations, newest first."""
        query = (
            select(evaluations)
            .where(evaluations.c.scope == entity.scope.value, evaluations.c.value == entity.value)
            .order_by(evaluations.c.at.desc(), evaluations.c.reason.desc())
            .limit(limit)
        )
        return [documents.evaluation(row) for row in self._rows(query)]

    def benign(self, period: int) -> Iterable[Evaluation]:
        """Evaluations of entities taken as benign, as ``service.pipeline.learning`` says, in pages."""
        with available("read its evaluations"), self._engine.begin() as connection:
            since = (connection.execute(select(func.max(evaluations.c.at))).scalar() or 0) - period
            suspected = set(map(tuple, connection.execute(_suspected(since)).all()))
            suspected -= set(map(tuple, connection.execute(_allowed()).all()))
        last = (since, "", "", "")
        key = (evaluations.c.at, evaluations.c.scope, evaluations.c.value, evaluations.c.reason)
        while True:
            query = select(evaluations).where(evaluations.c.at >= last[0], tuple_(*key) > last)
            rows = self._rows(query.order_by(*key).limit(PAGE))
            yield from (documents.evaluation(row) for row in rows if (row.scope, row.value) not in suspected)
            if len(rows) < PAGE:
                return
            last = (rows[-1].at, rows[-1].scope, rows[-1].value, rows[-1].reason)

    def events(self, ids: Sequence[str]) -> Sequence[QueryEvent]:
        """The log rows of these ids in the order given, those that are not there left out.

        Texts are as ``service.backends.sql.events.read`` says.
        """
        keys = [key for key in map(_key, ids) if key is not None]
        found: dict[bytes, QueryEvent] = {}
        with available("read the log"), self._engine.begin() as connection:
            for chunk in chunks(keys):
                query = _events().where(log.c.id.in_(chunk))
                found.update((event.id, event) for event in _read(connection, query))
        return [found[key] for key in keys if key in found]

    def export(self) -> Iterable[QueryEvent]:
        """The whole log in order of completion, in pages: no reader holds a transaction open for hours."""
        last: tuple[int, bytes] = (-keyset.LARGEST, b"")
        while True:
            # Two conditions, the first alone of use to the index of ``done``.
            behind = and_(log.c.done >= last[0], or_(log.c.done > last[0], log.c.id > last[1]))
            query = _events().where(behind).order_by(log.c.done, log.c.id).limit(PAGE)
            with available("read the log"), self._engine.begin() as connection:
                page = _read(connection, query)
            yield from page
            if len(page) < PAGE:
                return
            last = (page[-1].done, page[-1].id)

    def counts(self) -> Mapping[str, int]:
        """Rows of each table; records not logged (``not_logged``); repeats skipped (``duplicates``)."""
        missed = select(func.coalesce(func.sum(gaps.c.starts + gaps.c.ends), 0))
        with available("count its rows"), self._engine.begin() as connection:
            # The log is too long to be counted; the checkpoint keeps its count.
            kept = {row.name: row.value for row in connection.execute(select(counters))}
            found = {table.name: _count(connection, table) for table in COUNTED}
            found["not_logged"] = int(connection.execute(missed).scalar_one())
        return {"events": 0, "duplicates": 0} | kept | found

    def ready(self) -> str | None:
        """None when the store answers and its schema is right, else what is wrong and what to do."""
        return schema.check(self._engine)

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with available("read its records"), self._engine.begin() as connection:
            return connection.execute(query).all()


def _chosen(where: FlagFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.scope is not None:
        conditions.append(flags.c.scope == where.scope.value)
    if where.entity is not None:
        conditions.append(flags.c.value == where.entity)
    if where.severity is not None:
        conditions.append(flags.c.severity >= where.severity.rank)
    if where.since is not None:
        conditions.append(flags.c.flagged_at >= where.since)
    if where.until is not None:
        conditions.append(flags.c.flagged_at < where.until)
    return conditions


def _suspected(since: int) -> Select[Any]:
    suspicious = (flags.c.flagged_at >= since) & (flags.c.severity >= Severity.MEDIUM.rank)
    return select(flags.c.scope, flags.c.value).where(suspicious).distinct()


def _allowed() -> Select[Any]:
    return select(decisions.c.scope, decisions.c.value).where(decisions.c.kind == Kind.ALLOW.value)


def _behind(at: ColumnElement[int], key: ColumnElement[str], after: str) -> ColumnElement[bool]:
    number, text = keyset.read(after)
    return and_(at <= number, or_(at < number, key < text))


def _accounts() -> Select[Any]:
    newest = (
        select(func.max(entities.c.last_seen))
        .where(entities.c.scope == Scope.ACCOUNT.value)
        .correlate(None)
        .scalar_subquery()
    )
    score = (
        select(func.max(evaluations.c.score))
        .where(evaluations.c.scope == entities.c.scope, evaluations.c.value == entities.c.value)
        .where(evaluations.c.at > newest - SCORED)
        .scalar_subquery()
    )
    severity = (
        select(func.max(flags.c.severity))
        .where(flags.c.scope == entities.c.scope, flags.c.value == entities.c.value)
        .scalar_subquery()
    )
    return select(entities, score.label("score"), severity.label("severity"))


def _account(row: Row[Any]) -> Account:
    return Account(
        entity=Entity(Scope(row.scope), row.value),
        queries=row.queries,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        score=row.score,
        severity=None if row.severity is None else documents.SEVERITIES[row.severity],
    )


def _events() -> Select[Any]:
    return select(log, event_text.c.body).outerjoin(event_text, log.c.id == event_text.c.event_id)


def _read(connection: Connection, query: Select[Any]) -> list[QueryEvent]:
    rows = connection.execute(query).all()
    text = values(connection, (getattr(row, column) for row in rows for column in events.STRINGS))
    return [events.read(row, text, content.unpack(row.body)) for row in rows]


def _key(event_id: str) -> bytes | None:
    with suppress(ValueError):
        return UUID(event_id).bytes
    return None


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
