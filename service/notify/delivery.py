"""Delivery: what is due is sent, all of a destination as one message; what fails is tried again, ever later."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from service.model.notification import Channel
from service.notify import chat, reach, webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.model.notification import Destination, Notice
    from service.notify.notices import Notices
    from service.ports import Outbox

log = structlog.get_logger(__name__)

SECOND = 1_000_000
LEASE = 120 * SECOND
"""Microseconds for which nobody else sends what was taken: longer than any try lasts."""
FIRST, LONGEST = 5 * SECOND, 3600 * SECOND
"""Microseconds until the second try, doubled each time, and the most."""
TRIES = 16
"""After which a message is given up: 10 hours."""
LINES = 20
"""Notices of one message that are written out."""


class Delivery:
    """Takes what is due and sends it.

    Parameters
    ----------
    private
        Whether targets on private addresses are allowed.

    """

    def __init__(self, notices: Notices, outbox: Outbox, *, clock: Callable[[], int], private: bool) -> None:
        self._notices = notices
        self._outbox = outbox
        self._clock = clock
        self._private = private

    def run(self) -> bool:
        """Send one message; whether there was one due."""
        taken = self._outbox.take(self._clock(), LEASE)
        if not taken:
            return False
        ids = [notice.id for notice in taken]
        destination = self._notices.register.find(taken[0].destination)
        if destination is None or destination.removed is not None:
            self._outbox.done(ids)
            return True
        try:
            self.send(destination, taken)
        except reach.NotReached as error:
            self._put_off(taken, str(error))
        else:
            self._outbox.done(ids)
            log.info("notice.delivered", destination=destination.id, notices=len(ids))
        return True

    def send(self, destination: Destination, notices: Sequence[Notice]) -> None:
        """Send them as one message, now.

        Raises
        ------
        NotReached
            It was not taken.

        """
        url, secret = self._notices.opened(destination)
        if destination.channel is Channel.APPRISE:
            chat.send(url, title=title(notices), text=text(notices), private=self._private)
            return
        at = self._clock()
        body = json.dumps(document(notices, at), separators=(",", ":")).encode()
        webhook.send(url, secret, message=notices[0].id, at=at // SECOND, body=body, private=self._private)

    def _put_off(self, notices: Sequence[Notice], failure: str) -> None:
        # Each by its own count, so that one that joined late is not given up early.
        for attempts in sorted({notice.attempts for notice in notices}):
            ids = [notice.id for notice in notices if notice.attempts == attempts]
            if attempts + 1 >= TRIES:
                self._outbox.done(ids)
                log.error("notice.given_up", destination=notices[0].destination, notices=len(ids), reason=failure)
            else:
                due = self._clock() + min(FIRST << attempts, LONGEST)
                self._outbox.failed(ids, due=due, failure=failure)
                log.warning("notice.put_off", destination=notices[0].destination, tries=attempts + 1, reason=failure)


def title(notices: Sequence[Notice]) -> str:
    """What a message is about, in a line."""
    if len(notices) == 1:
        return f"revenuer: {notices[0].event}"
    counts = Counter(notice.event for notice in notices)
    return "revenuer: " + ", ".join(f"{count} {event}" for event, count in sorted(counts.items()))


def text(notices: Sequence[Notice]) -> str:
    """The message for people."""
    more = len(notices) - LINES
    lines = [notice.text for notice in notices[:LINES]] + ([f"and {more} more"] if more > 0 else [])
    return "\n".join(lines)


def document(notices: Sequence[Notice], at: int) -> dict[str, object]:
    """The message for programs, as Standard Webhooks shapes it."""
    items = [
        {"id": n.id, "event": n.event, "subject": n.subject, "text": n.text, "at": _rfc3339(n.created)} for n in notices
    ]
    kind = notices[0].event if len({notice.event for notice in notices}) == 1 else "notices"
    return {"type": kind, "timestamp": _rfc3339(at), "data": {"notices": items}}


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
