"""Alerts and their notes in SQL."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, tuple_, update

from service.backends.sql import audit, documents, jsontext
from service.backends.sql.bulk import put_new
from service.backends.sql.dialect import available, writing
from service.backends.sql.tables import alert_notes, alerts, flags
from service.model.alert import Alert, Note, Status, Verdict
from service.model.entity import Entity, Scope
from service.ports import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Engine, Row

    from service.backends.witness import Witness
    from service.model.audit import Act
    from service.model.flag import Flag
    from service.ports import AlertFilter, Changed

OWN = ("id", "entity", "status", "severity", "assignee", "version")
"""Fields of an alert that are columns; the rest is its body."""


class SqlAlerts:
    """``ports.Alerts`` on SQLAlchemy. Every method may raise ``StoreUnavailable``."""

    def __init__(self, engine: Engine, witness: Witness) -> None:
        self._engine = engine
        self._writing = writing(engine)
        self._witness = witness

    def loose(self, limit: int) -> Sequence[Flag]:
        """Flags that were not gathered yet, oldest first."""
        query = select(flags).where(flags.c.alert.is_(None)).order_by(flags.c.flagged_at, flags.c.id).limit(limit)
        with available("read the flags"), self._engine.begin() as connection:
            return [documents.flag(row) for row in connection.execute(query)]

    def join(self, flag: Flag, alert: Alert | None, *, others: Sequence[Changed] = ()) -> bool:
        """Store the alert with the flag in it, and others with it; False, and nothing stored, where one was faster."""
        mine = update(flags).where(flags.c.id == flag.id, flags.c.alert.is_(None))
        with available("gather a flag"), self._writing.connect() as connection, connection.begin() as transaction:
            taken = connection.execute(mine.values(alert=alert.id if alert else "")).rowcount == 1
            changed = (*filter(None, (alert,)), *(other.alert for other in others))
            if not taken or not all(_store(connection, one) for one in changed):
                transaction.rollback()
                return False
            put_new(connection, alert_notes, [_note_row(note) for other in others for note in other.notes])
            entries = [audit.append(connection, other.act) for other in others]
        for entry in entries:
            self._witness.note(entry)
        return True

    def alert(self, alert_id: str) -> Alert | None:
        """The alert of that id."""
        with available("read the alerts"), self._engine.begin() as connection:
            row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).one_or_none()
        return None if row is None else _alert(row)

    def alerts(self, where: AlertFilter, after: str | None, limit: int) -> Page[Alert]:
        """By priority, most urgent first.

        Raises
        ------
        ValueError
            ``after`` is no place of this listing.

        """
        query = select(alerts).where(*_chosen(where))
        if after is not None:
            query = query.where(_behind(after))
        query = query.order_by(alerts.c.priority.desc(), alerts.c.id.desc()).limit(limit + 1)
        # One question a status: each is then a run of the index, and nothing is sorted but what is shown.
        statuses = sorted(Status if where.statuses is None else where.statuses)
        with available("read the alerts"), self._engine.begin() as connection:
            found = [row for one in statuses for row in connection.execute(query.where(alerts.c.status == one.value))]
        rows = sorted(found, key=lambda row: (row.priority, row.id), reverse=True)[: limit + 1]
        last = f"{rows[limit - 1].priority!r}:{rows[limit - 1].id}" if len(rows) > limit else None
        return Page([_alert(row) for row in rows[:limit]], last)

    def change(self, alert: Alert, note: Note, act: Act) -> bool:
        """Store a changed alert with a note; False where the stored one is not the version before it."""
        with available("change the alert"), self._writing.connect() as connection, connection.begin() as transaction:
            if not _store(connection, alert):
                transaction.rollback()
                return False
            put_new(connection, alert_notes, [_note_row(note)])
            entry = audit.append(connection, act)
        self._witness.note(entry)
        return True

    def write(self, note: Note, act: Act) -> None:
        """Store a note beside an alert, which stays as it is."""
        with available("store the note"), self._writing.begin() as connection:
            put_new(connection, alert_notes, [_note_row(note)])
            entry = audit.append(connection, act)
        self._witness.note(entry)

    def notes(self, alert_id: str) -> Sequence[Note]:
        """All notes of an alert, oldest first."""
        query = select(alert_notes).where(alert_notes.c.alert == alert_id).order_by(alert_notes.c.id)
        with available("read the notes"), self._engine.begin() as connection:
            rows = connection.execute(query).all()
        return [Note(row.id, row.alert, row.at, row.author, row.kind, row.text) for row in rows]

    def counts(self) -> Mapping[Status, int]:
        """Alerts of each status."""
        query = select(alerts.c.status, func.count()).group_by(alerts.c.status)
        with available("count the alerts"), self._engine.begin() as connection:
            found = {row[0]: row[1] for row in connection.execute(query)}
        return {status: found.get(status.value, 0) for status in Status}


def _store(connection: Connection, alert: Alert) -> bool:
    """Insert version 1, or replace the version before; whether that was there."""
    row = _row(alert)
    if alert.version == 1:
        return put_new(connection, alerts, [row]) == 1
    statement = update(alerts).where(alerts.c.id == alert.id, alerts.c.version == alert.version - 1)
    return connection.execute(statement.values(row)).rowcount == 1


def _chosen(where: AlertFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.assignee is not None:
        conditions.append(alerts.c.assignee == where.assignee)
    if where.severity is not None:
        conditions.append(alerts.c.severity >= where.severity.rank)
    if where.scope is not None:
        conditions.append(alerts.c.scope == where.scope.value)
    if where.entity is not None:
        conditions.append(alerts.c.value == where.entity)
    return conditions


def _behind(after: str) -> ColumnElement[bool]:
    number, colon, key = after.partition(":")
    try:
        priority = float(number)
    except ValueError:
        colon = ""
    if not colon or not key:
        raise ValueError(f"invalid place '{after[:80]}': take the one that the page before gave")
    return tuple_(alerts.c.priority, alerts.c.id) < tuple_(literal(priority, alerts.c.priority.type), literal(key))


def _row(alert: Alert) -> dict[str, Any]:
    body = {field.name: getattr(alert, field.name) for field in fields(alert) if field.name not in OWN}
    return {
        "id": alert.id,
        "scope": alert.entity.scope.value,
        "value": alert.entity.value,
        "status": alert.status.value,
        "severity": alert.severity.rank,
        "priority": alert.priority,
        "assignee": alert.assignee,
        "version": alert.version,
        "body": jsontext.encode_measures(body).decode(),
    }


def _alert(row: Row[Any]) -> Alert:
    body = jsontext.decode(row.body)
    verdict = body.pop("verdict")
    models, before = tuple(body.pop("models")), tuple(body.pop("closed_models"))
    return Alert(
        id=row.id,
        entity=Entity(Scope(row.scope), row.value),
        status=Status(row.status),
        severity=documents.SEVERITIES[row.severity],
        assignee=row.assignee,
        version=row.version,
        verdict=None if verdict is None else Verdict(verdict),
        models=models,
        closed_models=before,
        **body,
    )


def _note_row(note: Note) -> dict[str, Any]:
    return {
        "id": note.id, "alert": note.alert, "at": note.at, "author": note.by, "kind": note.kind, "text": note.text
    }  # fmt: skip
