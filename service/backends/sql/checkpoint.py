"""The worker's store: log, states, open queries, flags and source numbers in one transaction."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.backends.sql import content, documents, events, queries, retention, writes
from service.backends.sql.bulk import put, put_new
from service.backends.sql.dialect import available, writing
from service.backends.sql.names import DAY, Names, chunks
from service.backends.sql.tables import (
    entities,
    evaluations,
    event_text,
    flags,
    gaps,
    meta,
    names,
    open_queries,
    sources,
    states,
    trail,
)
from service.backends.sql.tables import events as log
from service.model.entity import Entity, Scope
from service.model.ids import text_id
from service.ports import Commit, EntityState, Resume, TrailEntry
from service.settings import Retention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Engine

SCORE, LOG = "score", "log"
"""Stages that an open query may be open in: the log runs ahead of the states under load."""


class SqlCheckpoint:
    """``ports.Checkpoint`` on SQLAlchemy.

    Parameters
    ----------
    engine
        From :func:`service.backends.sql.dialect.connect`, its schema at the head.
    keep
        What is kept of texts.
    retention
        How long what is kept; :meth:`purge` acts on it.

    """

    def __init__(
        self, engine: Engine, *, keep: content.Content = "redacted", retention: Retention | None = None
    ) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._keep = keep
        self._retention = retention or Retention()  # type: ignore[call-arg]
        self._names = Names()

    def resume(self) -> Resume:
        """Where the last commit left off."""
        with available("say where it left off"), self._engine.begin() as connection:
            at = connection.execute(select(sources)).all()
            opened = connection.execute(select(open_queries)).all()
            blobs = connection.execute(select(meta)).all()
            windows = connection.execute(
                select(entities.c.scope, entities.c.value, entities.c.window_start).where(entities.c.window_start >= 0)
            ).all()
        return Resume(
            positions={row.source: row.position for row in at},
            logged={row.source: row.logged for row in at},
            opened={bytes(row.event_id): bytes(row.sealed) for row in opened if row.stage == SCORE},
            log_opened={bytes(row.event_id): bytes(row.sealed) for row in opened if row.stage == LOG},
            meta={row.name: bytes(row.value) for row in blobs},
            windows={Entity(Scope(row.scope), row.value): row.window_start for row in windows},
        )

    def entities(self, wanted: Sequence[Entity]) -> Mapping[Entity, EntityState]:
        """Those that are known and whose states retention has not taken."""
        by_scope: dict[Scope, list[str]] = defaultdict(list)
        for entity in wanted:
            by_scope[entity.scope].append(entity.value)
        found: dict[Entity, EntityState] = {}
        with available("read states"), self._engine.begin() as connection:
            for scope, values in by_scope.items():
                for chunk in chunks(values):
                    found.update(_states(connection, scope, chunk))
        return found

    def trail(self, digests: Sequence[bytes]) -> Mapping[bytes, TrailEntry]:
        """Those that are known."""
        found: dict[bytes, TrailEntry] = {}
        with available("read the trail"), self._engine.begin() as connection:
            for chunk in chunks(digests):
                query = (
                    select(trail.c.digest, trail.c.seen, names.c.value)
                    .outerjoin(names, trail.c.account == names.c.id)
                    .where(trail.c.digest.in_(chunk))
                )
                for row in connection.execute(query):
                    found[bytes(row.digest)] = TrailEntry(row.value or "", row.seen)
        return found

    def commit(self, commit: Commit) -> None:
        """Store all of it in one transaction, or raise and store nothing.

        Raises
        ------
        StoreUnavailable
            The database cannot take it now; the same commit may be tried again.
        ValueError
            A position lies before the stored one: another worker has gone on from there.

        """
        self._names.trim()
        try:
            with available("take a commit"), self._writing.begin() as connection:
                writes.advance(connection, commit)
                self._log(connection, commit)
                self._scored(connection, commit)
                writes.open_and_close(connection, SCORE, commit.opened, commit.closed)
                writes.open_and_close(connection, LOG, commit.log_opened, commit.log_closed)
                put(connection, meta, [{"name": name, "value": value} for name, value in commit.meta.items()])
        except BaseException:
            # The strings that were interned in it are gone with the transaction.
            self._names.forget()
            raise

    def recent_events(self, entity: Entity, limit: int) -> Sequence[str]:
        """Ids of the entity's latest events in the log, newest first; none for scopes that the log has no index of."""
        query = queries.recent(entity)
        if query is None:
            return ()
        with available("read the log"), self._engine.begin() as connection:
            return [text_id(bytes(row.id)) for row in connection.execute(query.limit(limit))]

    def purge(self, now: int) -> Mapping[str, int]:
        """Take away some of what is past its time; rows taken by table, empty when nothing is left to take.

        Parameters
        ----------
        now
            Event time, microseconds since the epoch.

        """
        with available("take away what is past its time"):
            return retention.purge(self._writing, self._retention, now)

    def _log(self, connection: Connection, commit: Commit) -> None:
        fresh = put_new(connection, log, events.rows(connection, commit.events, self._names))
        texts = ({"event_id": event.id, "body": content.pack(event, self._keep)} for event in commit.events)
        put_new(connection, event_text, [row for row in texts if row["body"] is not None])
        put_new(connection, gaps, [writes.gap_row(source, gap) for source, gap in commit.gaps])
        writes.count(connection, {"events": fresh, "duplicates": len(commit.events) - fresh})

    def _scored(self, connection: Connection, commit: Commit) -> None:
        put(connection, entities, [writes.entity_row(entity, state) for entity, state in commit.entities.items()])
        put(connection, states, [{**writes.key(entity), "states": s.states} for entity, s in commit.entities.items()])
        put_new(connection, evaluations, [documents.evaluation_row(item) for item in commit.evaluations])
        put_new(connection, flags, [documents.flag_row(flag) for flag in commit.flags])
        self._trail(connection, commit.trail)

    def _trail(self, connection: Connection, entries: Mapping[bytes, TrailEntry]) -> None:
        wanted: dict[str, int] = {}
        for entry in entries.values():
            self._names.want(wanted, (entry.account,), entry.seen // DAY)
        self._names.intern(connection, wanted)
        rows = [
            {"digest": key, "account": self._names.number(entry.account), "seen": entry.seen}
            for key, entry in entries.items()
        ]
        put(connection, trail, rows)


def _states(connection: Connection, scope: Scope, values: list[str]) -> Iterator[tuple[Entity, EntityState]]:
    same: ColumnElement[bool] = (entities.c.scope == states.c.scope) & (entities.c.value == states.c.value)
    query = (
        select(entities, states.c.states)
        .join(states, same)
        .where(entities.c.scope == scope.value, entities.c.value.in_(values))
    )
    for row in connection.execute(query):
        yield (
            Entity(scope, row.value),
            EntityState(
                queries=row.queries,
                first_seen=row.first_seen,
                last_seen=row.last_seen,
                window=row.window_start,
                raised=row.raised,
                states=bytes(row.states),
            ),
        )
