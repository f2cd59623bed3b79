"""Control-plane tokens in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from service.backends.sql import audit
from service.backends.sql.bulk import put_new
from service.backends.sql.dialect import available, writing
from service.backends.sql.tables import tokens
from service.ports import Token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Engine, Row

    from service.backends.witness import Witness
    from service.model.audit import Act


class SqlTokens:
    """``ports.Tokens`` on SQLAlchemy. Nothing is remembered, so a revoked token ends at once everywhere."""

    def __init__(self, engine: Engine, witness: Witness) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._witness = witness

    def add(self, token: Token, act: Act) -> None:
        """Store it.

        Raises
        ------
        ValueError
            There is one of that id already; it is not overwritten.
        StoreUnavailable
            The database cannot take it now.

        """
        row = {name: getattr(token, name) for name in ("id", "role", "created", "expires", "digest", "note", "owner")}
        with available("store the token"), self._writing.begin() as connection:
            if not put_new(connection, tokens, [row]):
                raise ValueError(f"a token '{token.id}' exists already: revoke it first, or make one with another id")
            entry = audit.append(connection, act)
        self._witness.note(entry)

    def find(self, token_id: str) -> Token | None:
        """The token of that id, expired or not."""
        with available("read the tokens"), self._engine.begin() as connection:
            row = connection.execute(select(tokens).where(tokens.c.id == token_id)).one_or_none()
        return None if row is None else _token(row)

    def revoke(self, token_id: str, act: Act) -> bool:
        """Remove it; False where there is none of that id."""
        with available("revoke the token"), self._writing.begin() as connection:
            revoked = connection.execute(delete(tokens).where(tokens.c.id == token_id)).rowcount > 0
            entry = audit.append(connection, act) if revoked else None
        if entry:
            self._witness.note(entry)
        return revoked

    def all(self) -> Sequence[Token]:
        """Every token, newest first."""
        query = select(tokens).order_by(tokens.c.created.desc(), tokens.c.id.desc())
        with available("read the tokens"), self._engine.begin() as connection:
            return [_token(row) for row in connection.execute(query)]


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        role=row.role,
        created=row.created,
        expires=row.expires,
        digest=bytes(row.digest),
        note=row.note,
        owner=row.owner,
    )
