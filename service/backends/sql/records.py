"""What the API, the command line and the console read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Table, func, select

from service.backends.sql import campaigns, content, documents, events, keyset, queries, schema
from service.backends.sql.bulk import chosen
from service.backends.sql.dialect import available
from service.backends.sql.names import values
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
from service.model.entity import Entity, Scope
from service.ports import Account, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection, Engine, Row

    from service.model.campaign import Member
    from service.model.flag import Evaluation, Flag
    from service.model.query import QueryEvent
    from service.ports import FlagFilter, FoundCampaign

PAGE = 1_000
"""Rows read at once by what goes through the whole log."""
COUNTED = (event_text, entities, trail, open_queries, evaluations, flags, gaps, decisions, tokens)


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
        rows = self._rows(queries.flags_of(where, after).limit(limit + 1))
        last = keyset.write(rows[limit - 1].flagged_at, rows[limit - 1].id) if len(rows) > limit else None
        return Page([documents.flag(row) for row in rows[:limit]], last)

    def flag(self, flag_id: str) -> Flag | None:
        """The flag of that id."""
        rows = self._rows(select(flags).where(flags.c.id == flag_id))
        return documents.flag(rows[0]) if rows else None

    def latest_flags(self, wanted: Sequence[Entity]) -> Mapping[Entity, Flag]:
        """The newest flag of each of these entities that has one."""
        if not wanted:
            return {}
        found = [documents.flag(row) for row in self._rows(queries.latest_flags(wanted))]
        # Of several of one moment, the one with the highest id.
        return {flag.entity: flag for flag in sorted(found, key=lambda flag: flag.id)}

    def accounts(self, scope: Scope, after: str | None, limit: int) -> Page[Account]:
        """Entities of a scope by ``last_seen``, newest first.

        Raises
        ------
        ValueError
            ``after`` is no place of this listing.

        """
        rows = self._rows(queries.accounts_of(scope, after).limit(limit + 1))
        last = keyset.write(rows[limit - 1].last_seen, rows[limit - 1].value) if len(rows) > limit else None
        return Page([_account(row) for row in rows[:limit]], last)

    def account(self, entity: Entity) -> Account | None:
        """The entity as the listing shows it."""
        rows = self._rows(queries.account(entity))
        return _account(rows[0]) if rows else None

    def campaigns(self, limit: int) -> Sequence[FoundCampaign]:
        """The campaigns that were flagged last, newest first."""
        with available("read its campaigns"), self._engine.begin() as connection:
            return campaigns.found(connection, limit)

    def members(self, accounts: Sequence[str]) -> Sequence[Member]:
        """Those of the accounts that have a row, in any order."""
        with available("read accounts"), self._engine.begin() as connection:
            return campaigns.members(connection, accounts)

    def models(self, accounts: Sequence[str], limit: int) -> Sequence[str]:
        """Models that the newest queries of these accounts asked, in order of their names."""
        with available("read the log"), self._engine.begin() as connection:
            return campaigns.models(connection, accounts, limit)

    def evaluations(self, entity: Entity, limit: int) -> Sequence[Evaluation]:
        """The entity's latest evaluations, newest first."""
        return [documents.evaluation(row) for row in self._rows(queries.evaluations_of(entity).limit(limit))]

    def benign(self, period: int) -> Iterable[Evaluation]:
        """Evaluations of the last ``period`` microseconds of event time, oldest first, of entities taken as benign:
        without a flag of medium or above in it, or with a decision that says ``allow``.
        """
        newest = self._rows(select(func.max(evaluations.c.at)))[0][0]
        last: Row[Any] | None = None
        while newest is not None:
            rows = self._rows(queries.benign(newest - period, last).limit(PAGE))
            yield from map(documents.evaluation, rows)
            if len(rows) < PAGE:
                return
            last = rows[-1]

    def events(self, ids: Sequence[str]) -> Sequence[QueryEvent]:
        """The log rows of these ids in the order given, those that are not there left out.

        Texts are as ``service.backends.sql.events.read`` says.
        """
        keys = [key for key in map(_key, ids) if key is not None]
        found: dict[bytes, QueryEvent] = {}
        with available("read the log"), self._engine.begin() as connection:
            for some in chosen(connection, log.c.id, keys):
                query = queries.log_rows().where(some)
                found.update((event.id, event) for event in _read(connection, query))
        return [found[key] for key in keys if key in found]

    def extract(self, entity: Entity, until: int, limit: int) -> Sequence[QueryEvent]:
        """The entity's latest events completed at ``until`` or before, oldest first."""
        recent = queries.recent(entity)
        if recent is None:
            return ()
        with available("read the log"), self._engine.begin() as connection:
            keys = [bytes(row.id) for row in connection.execute(recent.where(log.c.done <= until).limit(limit))]
            found: dict[bytes, QueryEvent] = {}
            for some in chosen(connection, log.c.id, keys):
                query = queries.log_rows().where(some)
                found.update((event.id, event) for event in _read(connection, query))
        return [found[key] for key in reversed(keys)]

    def export(self) -> Iterable[QueryEvent]:
        """The whole log in order of completion, in pages: no reader holds a transaction open for hours."""
        last: tuple[int, bytes] = (-keyset.LARGEST, b"")
        while True:
            query = queries.log_after(*last).limit(PAGE)
            with available("read the log"), self._engine.begin() as connection:
                page = _read(connection, query)
            yield from page
            if len(page) < PAGE:
                return
            last = (page[-1].done, page[-1].id)

    def counts(self) -> Mapping[str, int]:
        """Rows of each table; records not logged (``not_logged``); repeats skipped (``duplicates``)."""
        with available("count its rows"), self._engine.begin() as connection:
            return _logged(connection) | {table.name: _count(connection, table) for table in COUNTED}

    def logged(self) -> Mapping[str, int]:
        """Of the counts what costs nothing to know."""
        with available("count its rows"), self._engine.begin() as connection:
            return _logged(connection)

    def traffic(self, period: int, parts: int) -> Sequence[tuple[int, int]]:
        """Queries completed in each of equal stretches of the log's last time, oldest first: beginning, count."""
        with available("read the log"), self._engine.begin() as connection:
            newest = connection.execute(queries.edge(None)).scalar()
            if newest is None:
                return []
            first = int(connection.execute(queries.edge(newest - period)).scalar_one())
            step = (newest - first) // parts + 1
            found = {row[0]: int(row[1]) for row in connection.execute(queries.traffic(first, step))}
        return [(first + part * step, found.get(part, 0)) for part in range(parts)]

    def ready(self) -> str | None:
        """None when the store answers and its schema is right, else what is wrong and what to do."""
        return schema.check(self._engine)

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with available("read its records"), self._engine.begin() as connection:
            return connection.execute(query).all()


def _account(row: Row[Any]) -> Account:
    return Account(
        entity=Entity(Scope(row.scope), row.value),
        queries=row.queries,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        score=row.score,
        severity=None if row.severity is None else documents.SEVERITIES[row.severity],
    )


def _read(connection: Connection, query: Select[Any]) -> list[QueryEvent]:
    rows = connection.execute(query).all()
    text = values(connection, (getattr(row, column) for row in rows for column in events.STRINGS))
    return [events.read(row, text, content.unpack(row.body)) for row in rows]


def _key(event_id: str) -> bytes | None:
    with suppress(ValueError):
        return UUID(event_id).bytes
    return None


def _logged(connection: Connection) -> dict[str, int]:
    """The log is too long to be counted; the checkpoint keeps its count."""
    total = func.sum(counters.c.value).label("value")
    summed = connection.execute(select(counters.c.name, total).group_by(counters.c.name))
    kept = {row.name: int(row.value) for row in summed}
    missed = select(func.coalesce(func.sum(gaps.c.starts + gaps.c.ends + gaps.c.others), 0))
    not_logged = int(connection.execute(missed).scalar_one())
    return {"events": 0, "duplicates": 0} | kept | {"not_logged": not_logged, "gaps": _count(connection, gaps)}


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
