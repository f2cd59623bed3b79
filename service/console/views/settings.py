"""Settings: people, tokens and destinations, and what else is in force here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.access.people import NotDone, welcome
from service.api import destinations
from service.api.credentials import need, need_fresh
from service.api.errors import Conflict, NotFound, Unprocessable
from service.api.tokens import issue
from service.console.visit import ROOT
from service.model.flag import Severity
from service.model.notification import Channel
from service.model.user import Role

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

DAY = 24 * 3600 * 1_000_000
WAITS = {"0": "at once", "30": "30 s, with others", "3600": "an hour's as one", "86400": "a day's as one"}
"""Seconds that a notice waits for others -> the words for it."""
LIVES = {"1": "1 day", "30": "30 days", "365": "1 year", "": "until it is revoked"}


def show(visit: Visit) -> Response:
    """Users, tokens and destinations for an admin; retention, content and scoring for everybody."""
    return page(visit)


def add_user(visit: Visit) -> Response:
    """A new user, and the one-time link that is shown this once."""
    _fresh(visit)
    name, role = visit.field("name").lower()[:64], _role(visit)
    try:
        visit.control.people.add(name, role, visit.act("user.added", f"user:{name}", role=str(role)))
    except NotDone as refused:
        raise Conflict(f"Not done: {refused}.") from None
    return _linked(visit, name)


def change_user(visit: Visit) -> Response:
    """Another role, a new link, disabled or enabled again."""
    _fresh(visit)
    name, verb, people = visit.part("name")[:64], visit.part("verb"), visit.control.people
    if people.find(name) is None:
        raise NotFound("There is no user of that name.")
    who = f"user:{name}"
    try:
        if verb == "link":
            return _linked(visit, name)
        if verb == "role":
            role = _role(visit)
            people.set_role(name, role, visit.act("user.role_set", who, role=str(role)))
        elif verb == "disable":
            people.disable(name, visit.act("user.disabled", who))
        elif verb == "enable":
            people.enable(name, visit.act("user.enabled", who))
        else:
            raise NotFound("There is no such page.")
    except NotDone as refused:
        raise Conflict(f"Not done: {refused}.") from None
    return visit.go(f"{ROOT}/settings", done=f"{name}: {verb}")


def make_token(visit: Visit) -> Response:
    """A new token, whose text is on this page and nowhere else."""
    _fresh(visit)
    identity, role = visit.visitor, _role(visit)
    if identity is None:
        raise NotFound("There is no such page.")
    need(identity, role, f"a token of the role '{role}'")
    days = visit.field("days")
    if days not in LIVES:
        raise Unprocessable("choose how long the token holds")
    text = issue(
        visit.control.tokens, visit.control.token_key, role=role, now=visit.now,
        life=int(days) * DAY if days else None, note=visit.field("note")[:200], actor=identity.name,
        owner=identity.owner,
    )  # fmt: skip
    return page(visit, once=text, what="The token")


def revoke_token(visit: Visit) -> Response:
    """Revoke a token, at once and for good."""
    _fresh(visit)
    token = visit.part("id")[:64]
    if not visit.control.tokens.revoke(token, visit.act("token.revoked", f"token:{token}")):
        raise NotFound("There is no token of that id.")
    return visit.go(f"{ROOT}/settings", done=f"token {token}: revoked")


def page(visit: Visit, *, once: str = "", what: str = "") -> Response:
    """The page, with a secret that is shown this once where there is one."""
    admin, control = visit.may(Role.ADMIN), visit.control
    identity = visit.visitor
    return visit.page(
        "settings.html",
        tokens=sorted(control.tokens.all(), key=lambda token: -token.created) if admin else None,
        users=control.people.all() if admin else None,
        fresh=identity is None or identity.session is None or control.door.fresh(identity.proved or 0, visit.now),
        destinations=destinations.live(control) if admin else None,
        channels=list(Channel),
        severities=[severity for severity in Severity if severity.rank >= Severity.MEDIUM.rank],
        waits=WAITS,
        once=once,
        what=what,
        lives=LIVES,
        done=visit.asked("done")[:200],
    )


def _linked(visit: Visit, name: str) -> Response:
    secret = visit.control.people.link(name, visit.act("user.link_made", f"user:{name}"))
    settings = visit.control.settings
    return page(visit, once=welcome(settings.access.url, settings.control, secret), what=f"The link for {name}")


def _fresh(visit: Visit) -> None:
    if visit.visitor is not None:
        need_fresh(visit.control, visit.visitor, "Changing people and tokens")


def _role(visit: Visit) -> Role:
    if visit.field("role") not in list(Role):
        raise Unprocessable("choose a role")
    return Role(visit.field("role"))
