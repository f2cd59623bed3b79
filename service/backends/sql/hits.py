"""Counters with the time of their last hit, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.backends.sql.bulk import insert
from service.backends.sql.dialect import available, writing
from service.backends.sql.tables import hits
from service.ports import Hit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Engine


class SqlHits:
    """``ports.Hits`` on SQLAlchemy. Every method may raise ``StoreUnavailable``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = writing(engine)

    def add(self, name: str, at: int) -> None:
        """One more."""
        with available("count a hit"), self._writing.begin() as connection:
            first = insert(connection, hits).values(name=name, count=1, last=at)
            more = {"count": hits.c.count + 1, "last": at}
            connection.execute(first.on_conflict_do_update(index_elements=[hits.c.name], set_=more))

    def all(self, prefix: str) -> Mapping[str, Hit]:
        """Every counter whose name begins so."""
        query = select(hits).where(hits.c.name.startswith(prefix, autoescape=True))
        with available("read the hits"), self._engine.begin() as connection:
            return {row["name"]: Hit(row["count"], row["last"]) for row in connection.execute(query).mappings()}
