"""Audit: who did what, newest first, and whether the log is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.access import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from service.console.visit import Visit
    from service.model.audit import Fault

LIMIT = 100


def show(visit: Visit) -> Response:
    """A page of entries; an analyst sees their own."""
    return _page(visit, None)


def verify(visit: Visit) -> Response:
    """The same, once the whole chain was gone through."""
    return _page(visit, visit.control.audit.verify())


def _page(visit: Visit, faults: Sequence[Fault] | None) -> Response:
    before = visit.asked("before")
    actor = visit.asked("actor")[:128] or None
    if not visit.may(Role.ADMIN):
        actor = visit.actor
    after = int(before) if before.isdecimal() and len(before) < 18 else None
    entries = visit.control.audit.entries(after, LIMIT + 1, actor=actor)
    return visit.page(
        "audit.html",
        entries=entries[:LIMIT],
        following=entries[LIMIT - 1].number if len(entries) > LIMIT else None,
        actor=actor,
        own=not visit.may(Role.ADMIN),
        head=visit.control.audit.head() if visit.may(Role.ADMIN) else None,
        faults=faults,
    )
