"""The audit log in SQL: one chain for the installation, appended to in the transaction that it tells about.

The chain shows a change, a deletion and a swap by itself. It cannot show that its end was cut off, nor that
someone with the database in hand wrote it anew from some place on; so every head is also written to a *witness*,
a file outside the database, which :meth:`SqlAudit.verify` compares it with.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.backends.sql.bulk import put_new
from service.backends.sql.dialect import available, lock_audit, writing
from service.backends.sql.tables import audit
from service.model.audit import FIRST, Act, Entry, Fault, link

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection, Engine, Row

    from service.backends.witness import Witness

PAGE = 1_000
"""Entries read at once by what goes through all of it."""


def append(connection: Connection, act: Act) -> Entry:
    """Store the act behind the newest entry, within the caller's transaction."""
    lock_audit(connection)
    last = connection.execute(select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1)).first()
    number, before = (last.number + 1, bytes(last.digest)) if last else (1, FIRST)
    entry = Entry(number, act, link(before, number, act))
    put_new(connection, audit, [_row(entry)])
    return entry


class SqlAudit:
    """``ports.Audit`` on SQLAlchemy.

    Parameters
    ----------
    engine
        From :func:`service.backends.sql.dialect.connect`.
    witness
        Where heads are kept outside the database.

    """

    def __init__(self, engine: Engine, witness: Witness) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._witness = witness

    def append(self, act: Act) -> Entry:
        """Store it behind the newest entry.

        Raises
        ------
        StoreUnavailable
            The database cannot take it now.

        """
        with available("write to the audit log"), self._writing.begin() as connection:
            entry = append(connection, act)
        self._witness.note(entry)
        return entry

    def entries(self, after: int | None, limit: int, *, actor: str | None = None) -> Sequence[Entry]:
        """Newest first, below the number ``after``."""
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if after is not None:
            query = query.where(audit.c.number < after)
        if actor is not None:
            query = query.where(audit.c.actor == actor)
        with available("read the audit log"), self._engine.begin() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def head(self) -> Entry | None:
        """The newest entry."""
        return next(iter(self.entries(None, 1)), None)

    def verify(self) -> Sequence[Fault]:
        """Every place where the log is not what was written."""
        faults: list[Fault] = []
        before, expected = FIRST, 1
        heads = self._witness.heads()
        for row in self._rows():
            if row.number != expected:
                faults.append(Fault(expected, f"entries {expected} to {row.number - 1} are missing"))
            if not _holds(row, before):
                faults.append(Fault(row.number, "this entry, or the one before it, is not what was written"))
            elif heads.get(row.number, row.digest) != row.digest:
                faults.append(Fault(row.number, "the log was written anew: the witness has another entry here"))
            before, expected = bytes(row.digest), row.number + 1
        newest = max(heads, default=0)
        if newest >= expected:
            faults.append(Fault(expected, f"cut off: the witness has seen entry {newest}"))
        return faults

    def _rows(self) -> Iterator[Row[Any]]:
        number = 0
        while True:
            query = select(audit).where(audit.c.number > number).order_by(audit.c.number).limit(PAGE)
            with available("read the audit log"), self._engine.begin() as connection:
                rows = connection.execute(query).all()
            yield from rows
            if len(rows) < PAGE:
                return
            number = rows[-1].number


def _holds(row: Row[Any], before: bytes) -> bool:
    try:
        return link(before, row.number, _entry(row).act) == bytes(row.digest)
    except (ValueError, AttributeError, TypeError):
        return False  # what stands there is no act at all


def _row(entry: Entry) -> dict[str, Any]:
    act = entry.act
    return {
        "number": entry.number,
        "at": act.at,
        "actor": act.actor,
        "origin": act.origin,
        "action": act.action,
        "subject": act.subject,
        "detail": json.dumps(act.detail, ensure_ascii=True, separators=(",", ":"), sort_keys=True),
        "digest": entry.digest,
    }


def _entry(row: Row[Any]) -> Entry:
    act = Act(
        at=row.at,
        actor=row.actor,
        origin=row.origin,
        action=row.action,
        subject=row.subject,
        detail=json.loads(row.detail),
    )
    return Entry(row.number, act, bytes(row.digest))
