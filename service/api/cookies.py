"""The session's cookie, and whether a request that carries it was made by our own pages."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.api.errors import Forbidden
from service.api.shell import loopback_hosts

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from service.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-csrf-token"


class Cookie:
    """Name and properties of the session's cookie.

    ``__Host-`` holds a browser to https and to this host alone. Only where the address is plain http, as on
    loopback, the cookie has its plain name, because a browser would drop the other.
    """

    def __init__(self, settings: Settings) -> None:
        url = settings.access.url
        plain = url.startswith("http://") if url else bool(loopback_hosts(settings.control))
        self.secure = not plain
        self.name = "__Host-revenuer" if self.secure else "revenuer"
        self._origin = urlsplit(url).netloc.lower()

    def of(self, request: Request) -> str | None:
        """What the request's cookie says."""
        return request.cookies.get(self.name)

    def give(self, response: Response, secret: str) -> None:
        """Let the browser keep it until it is closed; the server knows when the session ends."""
        response.set_cookie(self.name, secret, path="/", secure=self.secure, httponly=True, samesite="strict")

    def take(self, response: Response) -> None:
        """Let the browser forget it."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="strict")

    def check_origin(self, request: Request) -> None:
        """Refuse what another site made, by what the browser says of where it comes from.

        Raises
        ------
        Forbidden
            It was another site's doing.

        """
        origin, host = request.headers.get("origin"), request.headers.get("host", "").lower()
        foreign = origin is not None and urlsplit(origin).netloc.lower() not in {host, self._origin} - {""}
        cross = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        if foreign or cross:
            raise Forbidden("the request comes from another site", code="csrf")


def check_token(held: str, given: str) -> None:
    """Refuse a change that does not carry its session's token.

    Raises
    ------
    Forbidden
        It carries none, or another.

    """
    if not held or not hmac.compare_digest(held.encode(), given.encode("utf-8", "surrogatepass")):
        raise Forbidden("the session's token is missing or another: send it as X-CSRF-Token", code="csrf")
