"""Where a path goes, and which paths go nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.gateway.refusal import Refusal
from service.settings import SettingsError

PORTS = {"http": 80, "https": 443}
LOCAL = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound
# A segment of one or two dots, plain or encoded, with or without matrix parameters; and bytes that some
# upstream reads as a separator or an end.
FORBIDDEN = re.compile(rb"(?:^|/)(?:\.|%2e){1,2}(?:;[^/]*)?(?:/|$)|%00|\\|%5c|[^\x21-\x7e]|#", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """A server to connect to."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Target:
    """An upstream: a server, its Host field, and the path that replaces the prefix."""

    origin: Origin
    authority: bytes
    base: bytes
    """Without a trailing slash."""


class Targets:
    """Path prefix -> upstream; the longest prefix that ends at a segment's end wins.

    Raises
    ------
    SettingsError
        An upstream is the gateway itself, or there is none.

    """

    def __init__(self, upstream: str | dict[str, str] | None, *, listen: str) -> None:
        if not upstream:
            raise SettingsError("upstream: none given; set REVENUER_UPSTREAM or --upstream to the API's URL")
        table = upstream if isinstance(upstream, dict) else {"/": upstream}
        self._targets = [
            (prefix.rstrip("/").encode(), _target(url, listen))
            for prefix, url in sorted(table.items(), key=lambda item: -len(item[0]))
        ]

    def resolve(self, path: bytes) -> tuple[Target, bytes]:
        """The upstream of a raw path, and the raw path there.

        Raises
        ------
        Refusal
            400 for a path that could mean two things, 404 where no prefix matches.

        """
        if FORBIDDEN.search(path):
            raise Refusal(400, "invalid_path", "The path has a dot segment, NUL, backslash or non-ASCII character.")
        for prefix, target in self._targets:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in (b"/", b""):
                return target, target.base + path[len(prefix) :] or b"/"
        raise Refusal(404, "unknown_route", "No upstream is set for this path.")


def _target(url: str, listen: str) -> Target:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    own_host, _, own_port = listen.rpartition(":")
    if str(port) == own_port and (host == own_host.strip("[]") or {host, own_host.strip("[]")} <= LOCAL):
        raise SettingsError(f"upstream: '{url}' is the gateway's own address {listen}; requests would go in a circle")
    authority = parts.netloc.encode("ascii" if parts.netloc.isascii() else "idna")
    return Target(Origin(host, port, parts.scheme == "https"), authority, parts.path.rstrip("/").encode())
