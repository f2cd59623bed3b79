"""What the installation learnt of its own traffic, in SQL, so that every worker uses the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from service.backends.sql.bulk import put
from service.backends.sql.dialect import available, writing
from service.backends.sql.tables import baselines
from service.ports import Learnt

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

KEPT = 3
"""Newest ones that are kept of each name."""


class SqlBaselines:
    """``ports.LearntBaselines`` on SQLAlchemy."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = writing(engine)

    def save(self, name: str, learnt: Learnt) -> None:
        """Store it, and let go all but the newest few of that name. Raises StoreUnavailable."""
        row = {"name": name, "version": learnt.version, "body": learnt.body, "created": learnt.created}
        own = baselines.c.name == name
        newest = select(baselines.c.version).where(own).order_by(*_NEWEST).limit(KEPT)
        with available("store the learnt baseline"), self._writing.begin() as connection:
            put(connection, baselines, [row])
            kept = connection.execute(newest).scalars().all()
            connection.execute(delete(baselines).where(own, baselines.c.version.not_in(kept)))

    def newest(self, name: str) -> Learnt | None:
        """The one learnt last. Raises StoreUnavailable."""
        query = select(baselines).where(baselines.c.name == name).order_by(*_NEWEST).limit(1)
        with available("read the learnt baseline"), self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Learnt(version=row.version, body=bytes(row.body), created=row.created)

    def version(self, name: str) -> str:
        """Of the one learnt last, empty where there is none: cheap to ask for. Raises StoreUnavailable."""
        query = select(baselines.c.version).where(baselines.c.name == name).order_by(*_NEWEST).limit(1)
        with available("read the learnt baseline's version"), self._engine.begin() as connection:
            return connection.execute(query).scalar_one_or_none() or ""


_NEWEST = (baselines.c.created.desc(), baselines.c.version.desc())
