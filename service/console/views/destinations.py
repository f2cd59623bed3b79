"""Destinations: where notices go, made, tried out and removed under Settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.api import destinations
from service.api.credentials import need_fresh
from service.api.errors import NotFound, Unprocessable
from service.console.views import settings
from service.console.visit import ROOT
from service.model.flag import Severity
from service.model.notification import Channel

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SECOND = 1_000_000
LONGEST = 2_000
"""Characters of a URL, as the API has it."""


def make(visit: Visit) -> Response:
    """Tell another one; what its webhooks are signed with is on this page and nowhere else."""
    _fresh(visit)
    name, url = visit.field("name"), visit.field("url")[:LONGEST]
    if NAME.fullmatch(name) is None:
        raise Unprocessable("a destination's name is of small letters, digits, dots, dashes and underscores")
    channel, wait, severity = visit.field("channel"), visit.field("wait"), visit.field("severity")
    if channel not in list(Channel) or wait not in settings.WAITS or severity not in list(Severity):
        raise Unprocessable("choose channel, wait and severity from the lists")
    _, secret = destinations.make(
        visit.control, visit.identity, name, Channel(channel), url, wait=int(wait) * SECOND,
        severity=Severity(severity), origin="console",
    )  # fmt: skip
    if secret:
        return settings.page(visit, once=secret, what=f"The secret that messages to {name} are signed with")
    return visit.go(f"{ROOT}/settings", done=f"destination {name}: added")


def change(visit: Visit) -> Response:
    """Send it a test message, or tell it nothing more."""
    _fresh(visit)
    name, verb = visit.part("name")[:64], visit.part("verb")
    if verb == "test":
        destinations.test(visit.control, visit.identity, name, origin="console")
        return visit.go(f"{ROOT}/settings", done=f"destination {name}: it took the test message")
    if verb != "remove":
        raise NotFound("There is no such page.")
    destinations.remove(visit.control, visit.identity, name, origin="console")
    return visit.go(f"{ROOT}/settings", done=f"destination {name}: removed")


def _fresh(visit: Visit) -> None:
    need_fresh(visit.control, visit.identity, "Changing destinations")
