"""A visitor without a browser: signs in and reads pages, over one connection that is kept."""

from __future__ import annotations

import gzip
import http.client
import re
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

ASSET = re.compile(r'(?:src|href)="(/console/static/[^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Got:
    """A page as it came."""

    status: int
    text: str
    bytes: int
    """As sent, packed where the server packs it."""
    seconds: float
    """From the request until the last byte was read."""
    headers: dict[str, str]

    @property
    def assets(self) -> list[str]:
        """Addresses of what the page loads besides."""
        return sorted(set(ASSET.findall(self.text)))


class Visitor:
    """``with Visitor(port) as visitor: visitor.sign_in(token); visitor.get("/console/queue")``."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def sign_in(self, token: str) -> None:
        """Open a session."""
        got = self._ask("POST", "/console/sign-in", urlencode({"secret": token, "next": "/console"}).encode(), FORM)
        assert got.status == 303, got.text
        self.cookie = got.headers["set-cookie"].partition(";")[0]

    def get(self, path: str) -> Got:
        """A page."""
        return self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Got:
        began = time.perf_counter()
        more = {"Cookie": self.cookie} if self.cookie else {}
        self._connection.request(method, path, body, {"Accept-Encoding": "gzip", **headers, **more})
        answer = self._connection.getresponse()
        raw = answer.read()
        seconds = time.perf_counter() - began
        sent = {name.lower(): value for name, value in answer.getheaders()}
        text = gzip.decompress(raw) if sent.get("content-encoding") == "gzip" else raw
        return Got(answer.status, text.decode(errors="replace"), len(raw), seconds, sent)
