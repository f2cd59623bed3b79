"""Destinations: made, tried out and removed, for the API and the pages alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.api.errors import Conflict, NotFound, Overtaken, Unprocessable
from service.model.audit import Act
from service.notify.reach import NotReached

if TYPE_CHECKING:
    from service.api.control import Control
    from service.api.identity import Identity
    from service.model.flag import Severity
    from service.model.notification import Channel, Destination


def live(control: Control) -> list[Destination]:
    """Every destination that is told, newest first."""
    return [found for found in control.notices.register.all() if found.removed is None]


def find(control: Control, name: str) -> Destination:
    """The destination of that name.

    Raises
    ------
    NotFound
        None is told by that name.

    """
    found = control.notices.register.find(name)
    if found is None or found.removed is not None:
        raise NotFound("no destination of that name", param="name")
    return found


def make(
    control: Control, identity: Identity, name: str, channel: Channel, url: str, *, wait: int, severity: Severity,
    origin: str,
) -> tuple[Destination, str]:  # fmt: skip
    """A new destination, and the secret that its webhooks are signed with; empty for another channel.

    Parameters
    ----------
    wait
        Microseconds that a notice waits for others, to go with them.

    Raises
    ------
    Unprocessable, Conflict
        The URL is none that may be sent to; the name is taken.

    """
    register = control.notices.register
    try:
        made, secret = control.notices.destination(name, channel, url, wait=wait, severity=severity)
    except NotReached as error:
        raise Unprocessable(str(error), param="url") from None
    before = register.find(name)
    if before is not None and before.removed is not None:
        made = replace(made, version=before.version + 1)
    if not register.put(made, _act(identity, made.created, origin, "destination.made", name, shown=made.shown)):
        raise Conflict("there is a destination of that name already")
    return made, secret


def remove(control: Control, identity: Identity, name: str, *, origin: str) -> None:
    """Tell it nothing more; what is on its way to it is dropped.

    Raises
    ------
    NotFound, Conflict
        There is none, or it was changed meanwhile.

    """
    found, now = find(control, name), control.clock()
    after = replace(found, removed=now, sealed="", version=found.version + 1)
    if not control.notices.register.put(after, _act(identity, now, origin, "destination.removed", name)):
        raise Overtaken


def test(control: Control, identity: Identity, name: str, *, origin: str) -> None:
    """Send it a test message now.

    Raises
    ------
    NotFound, Conflict
        There is none, or it did not take the message: the reason, without any secret.

    """
    found = find(control, name)
    control.audit.append(_act(identity, control.clock(), origin, "destination.tested", name))
    try:
        control.delivery.send(found, [control.notices.test(found)])
    except NotReached as error:
        raise Conflict(str(error), code="not_delivered") from None


def _act(identity: Identity, at: int, origin: str, action: str, name: str, **detail: str) -> Act:
    subject = f"destination:{name}"
    return Act(at=at, actor=identity.name, origin=origin, action=action, subject=subject, detail=detail)
