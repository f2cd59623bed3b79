"""Notices on their way, in SQL: each stays until it was delivered or given up."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from service.backends.sql import jsontext
from service.backends.sql.bulk import chosen, put_new
from service.backends.sql.dialect import available, writing
from service.backends.sql.tables import outbox
from service.model.notification import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Engine

MOST = 200
"""Notices of one message."""


class SqlOutbox:
    """``ports.Outbox`` on SQLAlchemy. Every method may raise ``StoreUnavailable``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = writing(engine)

    def put(self, notices: Sequence[Notice], due: int) -> None:
        """Keep them until then; one that is there already stays as it is."""
        rows = [
            {
                "id": notice.id,
                "destination": notice.destination,
                "created": notice.created,
                "due": due,
                "attempts": notice.attempts,
                "failure": "",
                "body": jsontext.encode_measures(asdict(notice)).decode(),
            }
            for notice in notices
        ]
        with available("keep notices"), self._writing.begin() as connection:
            put_new(connection, outbox, rows)

    def take(self, now: int, lease: int) -> Sequence[Notice]:
        """All notices of the destination that is due longest, which nobody else gets before the lease is over."""
        with available("take notices"), self._writing.begin() as connection:
            due = select(outbox.c.destination).where(outbox.c.due <= now).order_by(outbox.c.due, outbox.c.id).limit(1)
            destination = connection.execute(due).scalar_one_or_none()
            if destination is None:
                return ()
            # Those that were not tried yet go along though they are not due: that is what grouping is.
            mine = (outbox.c.destination == destination) & ((outbox.c.due <= now) | (outbox.c.attempts == 0))
            query = select(outbox).where(mine).order_by(outbox.c.created, outbox.c.id).limit(MOST)
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            keys = [row.id for row in rows]
            for some in chosen(connection, outbox.c.id, keys):
                connection.execute(update(outbox).where(some).values(due=now + lease))
        return [Notice(**{**jsontext.decode(row.body), "attempts": row.attempts}) for row in rows]

    def done(self, ids: Sequence[str]) -> None:
        """Delivered, or given up."""
        with available("clear notices"), self._writing.begin() as connection:
            for some in chosen(connection, outbox.c.id, ids):
                connection.execute(delete(outbox).where(some))

    def failed(self, ids: Sequence[str], *, due: int, failure: str) -> None:
        """Not delivered, for this reason; to be tried again then."""
        values = {"due": due, "failure": failure[:200], "attempts": outbox.c.attempts + 1}
        with available("put notices off"), self._writing.begin() as connection:
            for some in chosen(connection, outbox.c.id, ids):
                connection.execute(update(outbox).where(some).values(values))
