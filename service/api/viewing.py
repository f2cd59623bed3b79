"""Viewing: named views of the queue, saved for everybody, for the API and the pages alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from service.api.access import Role
from service.api.credentials import need
from service.api.errors import Conflict, NotFound, Overtaken, Unprocessable
from service.model.audit import Act
from service.model.view import SavedView

if TYPE_CHECKING:
    from service.api.control import Control
    from service.api.identity import Identity

ASKS = ("status", "severity", "scope", "assignee", "entity")
"""What a view of the queue may ask for; a place in it or a selection is none of it."""
MOST = 50
"""Views that are kept."""


def views(control: Control) -> list[SavedView]:
    """Every view, by name."""
    return sorted((one for one in control.registers.views.all() if one.removed is None), key=lambda one: one.id)


def save(control: Control, identity: Identity, name: str, query: str, *, origin: str) -> SavedView:
    """Save what an address asks for under a name.

    Raises
    ------
    Unprocessable, Conflict
        It asks for nothing that a view can hold; the name is taken, or there are too many.

    """
    given = dict(parse_qsl(query))
    asked = urlencode({key: given[key] for key in ASKS if given.get(key)})
    if not asked:
        raise Unprocessable(f"a view needs one filter at least, of {', '.join(ASKS)}", param="query")
    before, now = control.registers.views.find(name), control.clock()
    if len(views(control)) >= MOST:
        raise Conflict(f"{MOST} views are saved; remove one first")
    version = before.version + 1 if before and before.removed is not None else 1
    made = SavedView(id=name, query=asked, owner=identity.person, created=now, version=version)
    if not control.registers.views.put(made, _act(identity, now, origin, "view.saved", name, query=asked)):
        raise Conflict("there is a view of that name already")
    return made


def remove(control: Control, identity: Identity, name: str, *, origin: str) -> None:
    """Take a view away: one's own, or as an admin anybody's.

    Raises
    ------
    NotFound, Forbidden, Conflict
        There is none; it is another's; it was changed meanwhile.

    """
    found, now = control.registers.views.find(name), control.clock()
    if found is None or found.removed is not None:
        raise NotFound("no view of that name", param="name")
    if found.owner != identity.person:
        need(identity, Role.ADMIN, "removing another's view")
    after = replace(found, removed=now, version=found.version + 1)
    if not control.registers.views.put(after, _act(identity, now, origin, "view.removed", name)):
        raise Overtaken


def _act(identity: Identity, at: int, origin: str, action: str, name: str, **detail: str) -> Act:
    return Act(at=at, actor=identity.name, origin=origin, action=action, subject=f"view:{name}", detail=detail)
