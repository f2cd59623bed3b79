"""Notices: what is told, to whom, kept until it was delivered."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.model.ids import event_id, text_id
from service.model.notification import Channel, Destination, Notice
from service.notify import chat, reach, signing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.model.alert import Alert
    from service.ports import Outbox, Register, Sealer

CONTEXT = b"destination"


class Notices:
    """Destinations over their register, and what is on its way to them.

    Parameters
    ----------
    seal
        Under a key that is not in the database.
    private
        Whether targets on private addresses are allowed.

    """

    def __init__(
        self,
        register: Register[Destination],
        outbox: Outbox,
        seal: Sealer,
        *,
        clock: Callable[[], int],
        private: bool,
    ) -> None:
        self.register = register
        self._outbox = outbox
        self._seal = seal
        self._clock = clock
        self._private = private

    def destination(
        self, name: str, channel: Channel, url: str, *, wait: int, **more: object
    ) -> tuple[Destination, str]:
        """A new destination, and the secret that its webhooks are signed with; empty for another channel.

        Raises
        ------
        NotReached
            The URL is none that may be sent to.

        """
        parts = urlsplit(url)
        if channel is Channel.APPRISE:
            chat.check(url, private=self._private)
        else:
            if parts.scheme not in ("https", "http") or not parts.hostname:
                raise reach.NotReached("a webhook's URL begins with https:// or http:// and names a host")
            reach.address(parts.hostname, parts.port or 443, private=self._private)
        secret = signing.secret() if channel is Channel.WEBHOOK else ""
        sealed = self._seal.seal(json.dumps([url, secret]).encode(), CONTEXT + name.encode()).hex()
        # An Apprise URL has tokens where others have a host.
        shown = f"{parts.scheme}://{parts.hostname if channel is Channel.WEBHOOK else '…'}"
        made = Destination(
            id=name, channel=channel, shown=shown, sealed=sealed, created=self._clock(), wait=wait, **more  # type: ignore[arg-type]
        )  # fmt: skip
        return made, secret

    def opened(self, destination: Destination) -> tuple[str, str]:
        """URL and signing secret."""
        plain = self._seal.open(bytes.fromhex(destination.sealed), CONTEXT + destination.id.encode())
        url, secret = json.loads(plain)
        return url, secret

    def alert(self, alert: Alert) -> None:
        """Tell that an alert was opened, where its severity is asked for."""
        text = f"{alert.severity} alert on {alert.entity}: {alert.flags} flags, {alert.queries:,} queries"
        wanted = [d for d in self._live() if alert.severity.rank >= d.severity.rank]
        self._put(wanted, "alert.opened", str(alert.entity), text, key=f"{alert.id}:{alert.version}")

    def tell(self, event: str, subject: str, text: str) -> None:
        """Tell every destination."""
        self._put(self._live(), event, subject, text)

    def test(self, destination: Destination) -> Notice:
        """A notice for trying one destination out, which is not kept."""
        now = self._clock()
        text = "A test: this destination hears from revenuer."
        return Notice(
            id=text_id(event_id(now)), destination=destination.id, event="test", subject="", text=text, created=now
        )

    def _live(self) -> Sequence[Destination]:
        return [destination for destination in self.register.all() if destination.removed is None]

    def _put(self, destinations: Sequence[Destination], event: str, subject: str, text: str, *, key: str = "") -> None:
        now = self._clock()
        for found in destinations:
            # Told again by another process it is the same notice, by its id.
            name = hashlib.blake2b(f"{found.id}\0{event}\0{key}".encode(), digest_size=16).hexdigest() if key else ""
            notice = Notice(
                id=name or text_id(event_id(now)), destination=found.id, event=event, subject=subject, text=text,
                created=now,
            )  # fmt: skip
            self._outbox.put([notice], now + found.wait)


def sealing_key(token_key: bytes) -> bytes:
    """The key that destinations are sealed under."""
    return hmac.digest(token_key, b"destinations", hashlib.sha256)
