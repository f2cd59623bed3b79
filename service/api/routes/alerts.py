"""Alerts: the reviewers' queue, and what they do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Query, Request

from service.api import acts
from service.api.documents import Document, alert_detail, alert_document, note_document
from service.api.errors import Conflict, NotFound, Overtaken
from service.api.parameters import Cursor, Limit, Value
from service.api.responses import errors
from service.api.schema import AlertChange, AlertClose, AlertDetail, AlertOut, AlertPage, NoteIn, NoteOut
from service.model.alert import Alert, Note, Status
from service.model.entity import Scope
from service.model.flag import Severity
from service.model.ids import event_id, text_id
from service.ports import AlertFilter, FlagFilter
from service.review import alerts as rules
from service.review.desk import Desk, Stale

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from service.api.control import Control

    Made = Callable[[Alert, str, int], Alert]

FLAGS = 100
REFUSALS = errors(404, 409, 413, 415, 422)
Assignee = Annotated[str | None, Query(max_length=128, description="`me`, or whose; empty: nobody's")]
CHANGES: dict[str, tuple[str, Made, str]] = {
    "claim": (
        "claimed",
        rules.claimed,
        "Take it in hand, or go on having it: a claim ends by itself after 15 minutes without a change.",
    ),
    "release": ("released", rules.released, "Put it back into the queue."),
    "wait": ("waiting", rules.waiting, "Let it wait for an answer from outside."),
    "reopen": ("reopened", lambda alert, by, _: rules.reopened(alert, by), "Open a closed one again."),
}
"""What a reviewer does -> what was done then, the change itself, and what the API says of it."""


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/alerts`` and what is below it."""
    _add_reading(app, control)
    _add_changes(app, control)


def _add_reading(app: FastAPI, control: Control) -> None:
    @app.get("/api/v1/alerts", response_model=AlertPage, responses=errors(422), tags=["alerts"])
    def list_alerts(
        request: Request,
        *,
        status: Annotated[Status | None, Query(description="all that are not closed, without it")] = None,
        assignee: Assignee = None,
        severity: Annotated[Severity | None, Query(description="at least this")] = None,
        scope: Scope | None = None,
        entity: Value = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Document:
        """The queue, most urgent first."""
        statuses = frozenset({status} if status else set(Status) - {Status.CLOSED})
        whose = acts.actor(request) if assignee == "me" else assignee
        where = AlertFilter(statuses, whose, severity, scope, entity)
        filters = {"statuses": sorted(statuses), **{n: getattr(where, n) for n in AlertFilter.__slots__[1:]}}
        page = control.alerts.alerts(where, control.cursors.open(cursor, "alerts", filters), limit)
        return {
            "items": [alert_document(alert) for alert in page.items],
            "next": control.cursors.seal(page.next, "alerts", filters),
        }

    @app.get("/api/v1/alerts/{id}", response_model=AlertDetail, responses=errors(404, 422), tags=["alerts"])
    def read_alert(alert_id: Annotated[str, Path(alias="id", max_length=128)]) -> Document:
        """One alert, with its flags, notes and the decisions about its entity."""
        alert = _alert(control, alert_id)
        where = FlagFilter(scope=alert.entity.scope, entity=alert.entity.value)
        return alert_detail(
            alert,
            flags=control.records.flags(where, None, FLAGS).items,
            notes=control.alerts.notes(alert.id),
            decisions=[made for made in control.decisions.all() if made.entity == alert.entity],
        )


def _add_changes(app: FastAPI, control: Control) -> None:
    changes = _Changes(control)
    for verb, (done, made, words) in CHANGES.items():
        _add_change(app, changes, verb, done=done, made=made, words=words)

    @app.post("/api/v1/alerts/{id}/close", response_model=AlertOut, responses=REFUSALS, tags=["alerts"])
    def close_alert(
        alert_id: Annotated[str, Path(alias="id", max_length=128)], body: AlertClose, request: Request
    ) -> Document:
        """Close it with a verdict."""
        verdict = body.verdict
        return changes.make(
            request, alert_id, body, done="closed", made=lambda alert, by, now: rules.closed(alert, verdict, by, now)
        )

    @app.post(
        "/api/v1/alerts/{id}/notes",
        response_model=NoteOut,
        status_code=201,
        responses=errors(404, 413, 415, 422),
        tags=["alerts"],
    )
    def write_note(
        alert_id: Annotated[str, Path(alias="id", max_length=128)], body: NoteIn, request: Request
    ) -> Document:
        """Write a note beside it."""
        alert, now = _alert(control, alert_id), control.clock()
        note = Note(text_id(event_id(now)), alert.id, now, acts.actor(request), "note", body.text)
        control.alerts.write(note, acts.by_token(request, now, "alert.noted", str(alert.entity), alert=alert.id))
        return note_document(note)


def _add_change(app: FastAPI, changes: _Changes, verb: str, *, done: str, made: Made, words: str) -> None:
    def handle(
        alert_id: Annotated[str, Path(alias="id", max_length=128)], body: AlertChange, request: Request
    ) -> Document:
        return changes.make(request, alert_id, body, done=done, made=made)

    app.post(
        f"/api/v1/alerts/{{id}}/{verb}",
        response_model=AlertOut,
        responses=REFUSALS,
        tags=["alerts"],
        name=f"{verb}_alert",
        description=words,
    )(handle)


class _Changes:
    """Makes a reviewer's changes, or says why not."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._desk = Desk(control.alerts, control.records)

    def make(self, request: Request, alert_id: str, body: AlertChange, *, done: str, made: Made) -> Document:
        alert, by, now = _alert(self._control, alert_id), acts.actor(request), self._control.clock()
        if body.version is not None and body.version != alert.version:
            raise Overtaken(f"alert {alert.id} was changed by somebody else; read it again")
        act = acts.by_token(request, now, f"alert.{done}", str(alert.entity), alert=alert.id, text=body.text)
        try:
            after = self._desk.change(alert, lambda found: made(found, by, now), act=act, text=body.text)
        except rules.NotAllowed as refused:
            raise Conflict(str(refused), code="not_allowed") from None
        except Stale:
            raise Overtaken(f"alert {alert.id} was changed by somebody else; read it again") from None
        return alert_document(after)


def _alert(control: Control, alert_id: str) -> Alert:
    alert = control.alerts.alert(alert_id)
    if alert is None:
        raise NotFound("no alert of that id", param="id")
    return alert
