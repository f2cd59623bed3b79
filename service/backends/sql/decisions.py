"""Operators' decisions in SQL, and their snapshot for the gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from service.backends.decisions_file import publish, publishing
from service.backends.sql import audit
from service.backends.sql.bulk import put
from service.backends.sql.dialect import available, writing
from service.backends.sql.registers import SqlRegister
from service.backends.sql.tables import decisions
from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity, Scope
from service.model.proposal import Proposal
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.engine import Engine, Row

    from service.backends.witness import Witness
    from service.model.audit import Act


class SqlDecisions:
    """``ports.Decisions`` on SQLAlchemy.

    Parameters
    ----------
    engine
        From :func:`service.backends.sql.dialect.connect`.
    snapshot
        The file that gateways read, written anew after every change.
    witness
        Where the audit log's heads are kept outside the database.

    """

    def __init__(self, engine: Engine, snapshot: Path, witness: Witness) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._snapshot = snapshot
        self._witness = witness
        self._proposals = SqlRegister(engine, witness, Proposal)

    def add(self, decision: Decision, act: Act, *, settles: Proposal | None = None) -> bool:
        """Store it, or overwrite the one with the same id, and publish.

        Parameters
        ----------
        settles
            The proposal as it becomes by this, stored in the same transaction. False, and nothing stored, where it
            is not in the version before.

        Raises
        ------
        StoreUnavailable
            It could not be stored, or was stored and could not be published; adding it again is safe.

        """
        return self._store([decision], act, settles)

    def restore(self, found: Sequence[Decision], act: Act) -> None:
        """Store them all, publish once: what a new database takes over from the snapshot that outlived the old one.

        Raises
        ------
        StoreUnavailable
            As ``add``.

        """
        if found:
            self._store(found, act)
        else:
            self.republish()

    def remove(self, decision_id: str, act: Act) -> bool:
        """Remove it and publish; False where there is none of that id.

        Raises
        ------
        StoreUnavailable
            It could not be removed, or was and could not be published; ``republish`` makes up for it.

        """
        with available("remove the decision"), self._writing.begin() as connection:
            removed = connection.execute(delete(decisions).where(decisions.c.id == decision_id)).rowcount > 0
            entry = audit.append(connection, act) if removed else None
        if entry:
            self._witness.note(entry)
        # Published in any case: an earlier removal may have failed just there.
        self.republish()
        return removed

    def _store(self, found: Sequence[Decision], act: Act, settles: Proposal | None = None) -> bool:
        with available("store the decision"), self._writing.begin() as connection:
            if settles is not None and not self._proposals.store(connection, settles):
                return False
            put(connection, decisions, [_row(decision) for decision in found])
            entry = audit.append(connection, act)
        self._witness.note(entry)
        self.republish()
        return True

    def all(self) -> Sequence[Decision]:
        """Every decision, expired ones too, newest first."""
        query = select(decisions).order_by(decisions.c.created.desc(), decisions.c.id.desc())
        with available("read the decisions"), self._engine.begin() as connection:
            return [_decision(row) for row in connection.execute(query)]

    def republish(self) -> None:
        """Write the snapshot from what is stored: at a start, and after every change.

        Raises
        ------
        StoreUnavailable
            It could not be read or written; gateways keep the decisions they have.

        """
        try:
            with publishing(self._snapshot):
                publish(self._snapshot, self.all())
        except OSError as error:
            raise StoreUnavailable(
                f"the decisions could not be published to {self._snapshot}: {error.strerror}; "
                "gateways keep those they have; make room or set its permissions right, and repeat the change"
            ) from None


def _row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "scope": decision.entity.scope.value,
        "value": decision.entity.value,
        "kind": decision.kind.value,
        "until": decision.until,
        "origin": decision.origin.value,
        "reason": decision.reason,
        "simulated": decision.simulated,
        "created": decision.created,
        "since": decision.since,
    }


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        id=row.id,
        entity=Entity(Scope(row.scope), row.value),
        kind=Kind(row.kind),
        until=row.until,
        origin=Origin(row.origin),
        reason=row.reason,
        simulated=row.simulated,
        created=row.created,
        since=row.since,
    )
