"""Registers in SQL: documents of one type as JSON, each change against the version that was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from sqlalchemy import select, update

from service.backends.sql import audit, jsontext
from service.backends.sql.bulk import put_new
from service.backends.sql.dialect import available, writing
from service.backends.sql.tables import registers
from service.ports import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine

    from service.backends.witness import Witness
    from service.model.audit import Act

K = TypeVar("K", bound=Kept)


class SqlRegister(Generic[K]):
    """``ports.Register`` on SQLAlchemy.

    Parameters
    ----------
    engine
        From :func:`service.backends.sql.dialect.connect`.
    witness
        Where the audit log's heads are kept outside the database.
    kind
        The frozen dataclass that is kept, whose name in lower case is the register's.

    """

    def __init__(self, engine: Engine, witness: Witness, kind: type[K]) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._witness = witness
        self._type = kind
        self._kind = kind.__name__.lower()

    def find(self, key: str) -> K | None:
        """The one of that id."""
        query = select(registers.c.body).where(registers.c.kind == self._kind, registers.c.id == key)
        with available(f"read a {self._kind}"), self._engine.begin() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else self._read(body)

    def all(self) -> Sequence[K]:
        """Every one, newest first."""
        query = select(registers.c.body).where(registers.c.kind == self._kind)
        query = query.order_by(registers.c.at.desc(), registers.c.id.desc())
        with available(f"read every {self._kind}"), self._engine.begin() as connection:
            return [self._read(body) for body in connection.execute(query).scalars()]

    def put(self, item: K, act: Act, *others: K) -> bool:
        """Store version 1, or replace the version before; False where that was not there. Of several all or none."""
        storing = available(f"store a {self._kind}")
        with storing, self._writing.connect() as connection, connection.begin() as transaction:
            if not all(self.store(connection, one) for one in (item, *others)):
                transaction.rollback()
                return False
            entry = audit.append(connection, act)
        self._witness.note(entry)
        return True

    def store(self, connection: Connection, item: K) -> bool:
        """The same within the caller's transaction, who audits it."""
        row = {
            "kind": self._kind,
            "id": item.id,
            "version": item.version,
            "at": item.created,
            "body": jsontext.encode_measures(item).decode(),
        }
        if item.version == 1:
            return put_new(connection, registers, [row]) == 1
        mine = registers.c.kind == self._kind, registers.c.id == item.id, registers.c.version == item.version - 1
        return connection.execute(update(registers).where(*mine).values(row)).rowcount == 1

    def _read(self, body: str) -> K:
        return msgspec.convert(jsontext.decode(body), self._type)
