"""The worker's store: log, states, open queries, flags and source numbers in one transaction."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from service import metrics
from service.backends.sql import content, documents, events, partitions, queries, writes
from service.backends.sql.bulk import chosen, matching, put, put_new
from service.backends.sql.dialect import available, writing
from service.backends.sql.names import DAY, Names
from service.backends.sql.retention import Upkeep
from service.backends.sql.tables import (
    entities,
    evaluations,
    event_text,
    flags,
    gaps,
    meta,
    names,
    open_queries,
    states,
    trail,
)
from service.backends.sql.tables import events as log
from service.backends.sql.writes import Places
from service.model.entity import Entity, Scope
from service.model.ids import text_id
from service.ports import Commit, EntityState, Gathered, Resume, TrailEntry
from service.settings import Retention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Engine

SCORE, LOG = "score", "log"
"""Stages that an open query may be open in: the log runs ahead of the states under load."""
_TRAIL = select(trail.c.digest, trail.c.seen, names.c.value).outerjoin(names, trail.c.account == names.c.id)


class SqlCheckpoint:
    """``ports.Checkpoint`` on SQLAlchemy, for one partition.

    One that was not claimed claims its partition with its first commit.

    Parameters
    ----------
    engine
        From :func:`service.backends.sql.dialect.connect`, its schema at the head.
    partition
        Number of the partition.
    keep
        What is kept of texts.
    retention
        How long what is kept; :meth:`purge` acts on it.
    retain
        Seconds that a gateway keeps what is covered, ``log.retain``.

    """

    def __init__(
        self,
        engine: Engine,
        *,
        partition: int = 0,
        keep: content.Content = "redacted",
        retention: Retention | None = None,
        retain: float = 0.0,
    ) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._partition = partition
        self._keep = keep
        self._upkeep = Upkeep(self._writing, retention or Retention(), retain=retain, partition=partition)  # type: ignore[call-arg]
        self._names = Names()
        self._hold: partitions.Hold | None = None
        """What every commit must find; None before the first claim."""
        self._places: Places | None = None
        """None where it must be read again."""
        self._repeats = 0
        """Events of the last commit that the log had."""
        self._unsure = False
        """Whether it is not known what became of the last commit."""

    @property
    def partition(self) -> int:
        """Its number."""
        return self._partition

    def gathered(self, after: Mapping[int, int]) -> Gathered:
        """What the other partitions committed for coordination beyond these numbers."""
        with available("say what coordination sees"), self._engine.begin() as connection:
            return writes.gathered(connection, self._partition, after)

    def claim(self, owner: str) -> int:
        """Become the partition's only writer; its new epoch."""
        with available("let a partition be claimed"):
            return self._claimed(owner).epoch

    def resume(self) -> Resume:
        """Where the last commit left off.

        Raises
        ------
        Fenced
            It is not known whether the last commit was stored, and another worker has gone on since.

        """
        with available("say where it left off"):
            self._settle()
            with self._engine.begin() as connection:
                return self._resumed(connection)

    def entities(self, wanted: Sequence[Entity]) -> Mapping[Entity, EntityState]:
        """Those that are known and whose states retention has not taken."""
        by_scope: dict[Scope, list[str]] = defaultdict(list)
        for entity in wanted:
            by_scope[entity.scope].append(entity.value)
        found: dict[Entity, EntityState] = {}
        with available("read states"), self._engine.begin() as connection:
            for scope, values in by_scope.items():
                found.update(_states(connection, scope, values))
        return found

    def trail(self, digests: Sequence[bytes]) -> Mapping[bytes, TrailEntry]:
        """Those that are known."""
        with available("read the trail"), self._engine.begin() as connection:
            return {
                bytes(digest): TrailEntry(account or "", seen)
                for digest, seen, account in matching(connection, _TRAIL, trail.c.digest, digests)
            }

    def commit(self, commit: Commit) -> None:
        """Store all of it in one transaction, or raise and store nothing.

        Raises
        ------
        StoreUnavailable
            The database cannot take it now; the same commit may be tried again.
        Fenced
            Another worker has claimed the partition.
        ValueError
            A position lies before the stored one: the worker has lost its place.

        """
        self._names.trim()
        texts = [events.strings(event) for event in commit.events]
        try:
            with available("take a commit"):
                self._settle()
                hold = self._hold or self._claimed("")
                wanted = self._wanted(commit, texts)
                if wanted and self._engine.dialect.name == "postgresql":
                    # On its own: other partitions' commits wait for a string's row until its transaction ends.
                    with self._writing.begin() as connection:
                        self._names.intern(connection, wanted)
                    wanted = {}
                with self._writing.begin() as connection:
                    hold, moved = self._store(connection, hold, commit, texts, wanted)
        except BaseException:
            # Strings that were interned in it are gone with the transaction.
            self._names.forget()
            self._places = None
            self._unsure = True
            raise
        self._hold = hold
        metrics.DUPLICATES.inc(self._repeats)
        if self._places is not None:
            self._places.stored.update(moved)

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
            return self._upkeep.purge(now)

    def _claimed(self, owner: str) -> partitions.Hold:
        with self._writing.begin() as connection:
            hold = partitions.claim(connection, self._partition, owner)
        self._hold, self._places, self._unsure = hold, None, False
        return hold

    def _settle(self) -> None:
        """Where it is not known what became of the last commit: wait for it, and let it not come later.

        A file has no such doubt. A connection that broke may have done so before or after the server heard of it.
        """
        if self._unsure and self._hold is not None and self._engine.dialect.name == "postgresql":
            with self._writing.begin() as connection:
                hold = partitions.reclaim(connection, self._hold)
            self._hold = hold
        self._unsure = False

    def _resumed(self, connection: Connection) -> Resume:
        self._places = Places.read(connection, self._partition)
        at = self._places.stored
        opened = connection.execute(select(open_queries).where(open_queries.c.partition == self._partition)).all()
        blobs = connection.execute(select(meta).where(meta.c.partition == self._partition)).all()
        windows = connection.execute(
            select(entities.c.scope, entities.c.value, entities.c.window_start).where(
                entities.c.partition == self._partition, entities.c.window_start >= 0
            )
        ).all()
        return Resume(
            positions={source: place[0] for source, place in at.items()},
            logged={source: place[1] for source, place in at.items()},
            opened={bytes(row.event_id): bytes(row.sealed) for row in opened if row.stage == SCORE},
            log_opened={bytes(row.event_id): bytes(row.sealed) for row in opened if row.stage == LOG},
            meta={row.name: bytes(row.value) for row in blobs},
            windows={Entity(Scope(row.scope), row.value): row.window_start for row in windows},
            footprints=writes.footprints(connection, self._partition),
        )

    def _wanted(self, commit: Commit, texts: Sequence[tuple[str, ...]]) -> dict[str, int]:
        """The strings that must be interned before the rows can be made."""
        wanted: dict[str, int] = {}
        for event, strings in zip(commit.events, texts, strict=True):
            self._names.want(wanted, strings, event.done // DAY)
        for entry in commit.trail.values():
            self._names.want(wanted, (entry.account,), entry.seen // DAY)
        return wanted

    def _store(
        self,
        connection: Connection,
        hold: partitions.Hold,
        commit: Commit,
        texts: Sequence[tuple[str, ...]],
        wanted: Mapping[str, int],
    ) -> tuple[partitions.Hold, Mapping[str, tuple[int, int]]]:
        """Write it; what the partition is to be found as from then on, and where the sources moved to."""
        hold = partitions.guard(connection, hold)
        self._places = self._places or Places.read(connection, self._partition)
        moved = self._places.moved(commit)
        self._places.put(connection, moved, _time(commit))
        self._names.intern(connection, wanted)
        self._log(connection, commit, texts)
        self._scored(connection, commit)
        writes.open_and_close(connection, self._partition, SCORE, commit.opened, commit.closed)
        writes.open_and_close(connection, self._partition, LOG, commit.log_opened, commit.log_closed)
        blobs = commit.meta.items()
        put(connection, meta, [{"partition": self._partition, "name": name, "value": value} for name, value in blobs])
        writes.put_footprints(connection, self._partition, commit)
        return hold, moved

    def _log(self, connection: Connection, commit: Commit, texts: Sequence[tuple[str, ...]]) -> None:
        rows = [
            events.row(event, self._names.numbers(strings)) for event, strings in zip(commit.events, texts, strict=True)
        ]
        fresh = put_new(connection, log, rows)
        kept = ({"event_id": event.id, "body": content.pack(event, self._keep)} for event in commit.events)
        put_new(connection, event_text, [row for row in kept if row["body"] is not None])
        put_new(connection, gaps, [writes.gap_row(source, gap) for source, gap in commit.gaps])
        self._repeats = len(commit.events) - fresh
        writes.count(connection, self._partition, {"events": fresh, "duplicates": self._repeats})

    def _scored(self, connection: Connection, commit: Commit) -> None:
        of = commit.entities.items()
        put(connection, entities, [writes.entity_row(self._partition, entity, state) for entity, state in of])
        put(connection, states, [writes.states_row(connection, entity, state) for entity, state in of])
        put_new(connection, evaluations, [documents.evaluation_row(item) for item in commit.evaluations])
        put_new(connection, flags, [documents.flag_row(flag) for flag in commit.flags])
        rows = [
            {"digest": digest, "account": self._names.number(entry.account), "seen": entry.seen}
            for digest, entry in commit.trail.items()
        ]
        put(connection, trail, rows)


def _time(commit: Commit) -> int:
    """Event time of the commit; the clock's where it tells none."""
    newest = max((event.done for event in commit.events), default=0)
    return max(newest, int.from_bytes(commit.meta.get("time", b""), "big")) or time.time_ns() // 1000


def _states(connection: Connection, scope: Scope, values: list[str]) -> Iterator[tuple[Entity, EntityState]]:
    same: ColumnElement[bool] = (entities.c.scope == states.c.scope) & (entities.c.value == states.c.value)
    query = select(entities, states.c.states).join(states, same).where(entities.c.scope == scope.value)
    for some in chosen(connection, entities.c.value, values):
        for row in connection.execute(query.where(some)):
            yield (
                Entity(scope, row.value),
                EntityState(
                    queries=row.queries,
                    first_seen=row.first_seen,
                    last_seen=row.last_seen,
                    window=row.window_start,
                    raised=row.raised,
                    states=writes.states_of(bytes(row.states)),
                ),
            )
