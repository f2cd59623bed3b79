"""Sessions in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from service.backends.sql import audit
from service.backends.sql.bulk import put_new
from service.backends.sql.dialect import available, writing
from service.backends.sql.tables import sessions
from service.model.user import Session

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from service.backends.witness import Witness
    from service.model.audit import Act


class SqlSessions:
    """``ports.Sessions`` on SQLAlchemy. Every method may raise ``StoreUnavailable``."""

    def __init__(self, engine: Engine, witness: Witness) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._witness = witness

    def open(self, session: Session, act: Act) -> None:
        """Store it."""
        row = {name: getattr(session, name) for name in ("id", "user", "created", "seen", "proved")}
        with available("open a session"), self._writing.begin() as connection:
            put_new(connection, sessions, [row])
            entry = audit.append(connection, act)
        self._witness.note(entry)

    def find(self, session_id: bytes) -> Session | None:
        """The one of that id, over or not."""
        with available("read the sessions"), self._engine.begin() as connection:
            row = connection.execute(select(sessions).where(sessions.c.id == session_id)).one_or_none()
        if row is None:
            return None
        return Session(id=bytes(row.id), user=row.user, created=row.created, seen=row.seen, proved=row.proved)

    def touch(self, session_id: bytes, *, seen: int, proved: int | None = None) -> None:
        """Move its times on."""
        values = {"seen": seen} | ({} if proved is None else {"proved": proved})
        with available("keep a session"), self._writing.begin() as connection:
            connection.execute(update(sessions).where(sessions.c.id == session_id).values(values))

    def close(self, session_id: bytes, act: Act) -> bool:
        """End it; False where there is none."""
        with available("end a session"), self._writing.begin() as connection:
            closed = connection.execute(delete(sessions).where(sessions.c.id == session_id)).rowcount > 0
            entry = audit.append(connection, act) if closed else None
        if entry:
            self._witness.note(entry)
        return closed

    def close_all(self, user: str) -> int:
        """End every session of that user."""
        with available("end sessions"), self._writing.begin() as connection:
            return connection.execute(delete(sessions).where(sessions.c.user == user)).rowcount

    def purge(self, *, seen: int, created: int) -> None:
        """Take away those that are over."""
        over = or_(sessions.c.seen < seen, sessions.c.created < created)
        with available("clear away sessions"), self._writing.begin() as connection:
            connection.execute(delete(sessions).where(over))
