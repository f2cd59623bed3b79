"""Joining: what becomes of the alerts of campaigns that are seen to be one. Pure functions.

The campaign goes on under one id, so its alert goes on and those of the other ids are closed as its duplicates. Each is
closed so once: whoever opens it again has decided that. What people wrote beside it is copied, and whoever has it
keeps the work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.model.alert import Note, Status
from service.model.audit import Act
from service.model.ids import event_id, text_id
from service.ports import Changed
from service.review.alerts import duplicate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.alert import Alert

SYSTEM = "system"
"""Who closes them."""
JOINED = "alert.joined"
"""What was done then."""


def was_joined(notes: Sequence[Note]) -> bool:
    """Whether the alert with these notes was closed so before."""
    return any(note.kind == JOINED and note.by == SYSTEM and note.text.startswith(_AWAY) for note in notes)


def closable(others: Sequence[Alert], alert: Alert) -> list[Alert]:
    """Those that end as duplicates of the alert: where it is closed, only what nobody has in hand."""
    return [other for other in others if alert.status is not Status.CLOSED or not other.assignee]


def taken_over(alert: Alert, others: Sequence[Alert]) -> Alert:
    """The alert in the hands of whoever had the most urgent of the others, where nobody has it."""
    held = [other for other in others if other.assignee]
    if alert.assignee or alert.status is Status.CLOSED or not held:
        return alert
    first = max(held, key=lambda other: (other.priority, other.id))
    return replace(alert, status=first.status, assignee=first.assignee, lease_until=first.lease_until)


def brought(other: Alert, alert: Alert, notes: Sequence[Note], now: int) -> Changed:
    """The other alert, closed as a duplicate of the one that goes on, with what is noted beside both.

    Parameters
    ----------
    notes
        Of the other one.

    """
    old, new = other.entity.value, alert.entity.value
    held = f"; {other.assignee} had it" if other.assignee else ""
    away = f"{_AWAY}{new}, whose alert {alert.id} goes on{held}"
    here = f"campaign {old} is seen to be this one: its alert {other.id} was closed as a duplicate{held}"
    detail = {"alert": other.id, "verdict": "duplicate", "campaign": new, "into": alert.id}
    return Changed(
        duplicate(other, SYSTEM, now),
        (
            Note(_id(now), other.id, now, SYSTEM, JOINED, away),
            Note(_id(now), alert.id, now, SYSTEM, JOINED, here),
            *(_copied(note, alert, old) for note in notes if note.text and note.by != SYSTEM),
        ),
        Act(at=now, actor=SYSTEM, origin="policy", action=JOINED, subject=str(other.entity), detail=detail),
    )


_AWAY = "seen to be part of campaign "


def _copied(note: Note, alert: Alert, old: str) -> Note:
    return Note(_id(note.at), alert.id, note.at, note.by, "note", f"beside campaign {old}: {note.text}")


def _id(at: int) -> str:
    return text_id(event_id(at))
