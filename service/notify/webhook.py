"""A webhook: one signed POST to an address that was looked up and judged before; no redirect is followed."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.notify import reach, signing

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 10.0
"""Seconds for connecting, and for each read."""


class _Pinned(http.client.HTTPConnection):
    """A connection to an address, whatever the host's name means by now."""

    def __init__(self, host: str, port: int, target: tuple[str, int], *, tls: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._target = target
        self._tls = tls

    def connect(self) -> None:
        self.sock = socket.create_connection(self._target, TIMEOUT)
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def send(url: str, secret: str, *, message: str, at: int, body: bytes, private: bool) -> None:
    """Deliver the body once.

    Parameters
    ----------
    message, at
        Id of the message, and seconds since the epoch.

    Raises
    ------
    NotReached
        It was not taken: the reason, without the address's path.

    """
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if tls else 80)
    target = reach.address(host, port, private=private)
    headers = {"Content-Type": "application/json", "User-Agent": "revenuer", "Connection": "close"}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    status = _post(
        _Pinned(host, port, target, tls=tls), path, body, headers | signing.headers(secret, message, at, body)
    )
    if not 200 <= status < 300:
        raise reach.NotReached(f"'{host}' answered with {status}")


def _post(connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        connection.request("POST", path, body, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise reach.NotReached(f"'{connection.host}' did not answer: {type(error).__name__}") from None
    finally:
        connection.close()
