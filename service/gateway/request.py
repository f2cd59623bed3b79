"""A request's head, read once: what goes to the upstream, what identifies the caller, what the log keeps."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from service.gateway.identity import CREDENTIALS
from service.gateway.refusal import Refusal
from service.model.query import CLIENT

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGGED = {
    name: name.decode()
    for name in (
        b"user-agent",
        b"content-type",
        b"anthropic-version",
        b"openai-organization",
        b"openai-project",
        b"x-stainless-lang",
        b"x-stainless-package-version",
        b"x-stainless-retry-count",
        b"x-stainless-helper-method",
    )
}
"""Fields that the log keeps; none of them carries a secret."""
MARKER = b"x-revenuer-via"
"""Carries the installation's id towards the upstream, so that a circle is noticed."""
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"expect",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
CLAIMS = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-real-ip",
        b"x-user-id",
    }
)
"""Claims about the client that an upstream may believe: passed on from trusted proxies only."""
END_TO_END = frozenset({*CREDENTIALS, b"content-encoding", b"content-length", b"content-type", b"cookie", b"host"})
"""Must not be named in Connection: dropping them would change who asks, or what."""


class Role(enum.Enum):
    """What a header field is to the gateway."""

    PLAIN = enum.auto()
    HOP = enum.auto()
    CREDENTIAL = enum.auto()
    LOGGED = enum.auto()
    LENGTH = enum.auto()
    CLAIM = enum.auto()
    OWN = enum.auto()
    DROPPED = enum.auto()


PLAIN, LOG = Role.PLAIN, Role.LOGGED


@dataclass(slots=True)
class Head:
    """What the header fields of a request say."""

    fields: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    """To be forwarded: lower-cased name, name, value."""
    credentials: list[tuple[bytes, bytes]] = field(default_factory=list)
    logged: dict[str, str] = field(default_factory=dict)
    forwarded_for: list[bytes] = field(default_factory=list)
    named: set[bytes] = field(default_factory=set)
    """By Connection, lower-cased."""
    length: int = 0
    chunked: bool = False
    marker: bytes = b""

    def render(self, method: str, target: bytes, authority: bytes, extra: Sequence[tuple[bytes, bytes]]) -> bytes:
        """The head for the upstream: the client's fields in its order and case, behind the upstream's Host."""
        lines = [method.encode("ascii"), b" ", target, b" HTTP/1.1\r\nHost: ", authority, b"\r\n"]
        for _, name, value in self.fields:
            lines += (name, b": ", value, b"\r\n")
        for name, value in extra:
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"Transfer-Encoding: chunked\r\n\r\n" if self.chunked else b"\r\n")
        return b"".join(lines)

    def __repr__(self) -> str:
        # The fields hold the caller's key.
        return "Head(...)"


def read_head(fields: Sequence[tuple[bytes, bytes, bytes]], *, trusted: bool) -> Head:
    """Sort a request's fields.

    Parameters
    ----------
    fields
        Lower-cased name, name as the client wrote it, value.
    trusted
        Whether the peer is a proxy whose claims about the client are passed on.

    Raises
    ------
    Refusal
        400 where Connection names a field that is not the connection's.

    """
    head = Head()
    keep, logged = head.fields.append, head.logged
    for item in fields:
        role = role_of(item[0])
        # The two that most fields are come first, and without a call.
        if role is PLAIN:
            keep(item)
        elif role is LOG:
            logged[LOGGED[item[0]]] = item[2].decode("utf-8", "replace")
            keep(item)
        elif _passes(head, role, item, trusted=trusted):
            keep(item)
    head.logged[CLIENT] = _fingerprint(b"\n".join([item[0] for item in fields]))
    _drop_named(head)
    return head


@lru_cache(maxsize=4096)
def role_of(lower: bytes) -> Role:
    """What the field of this lower-cased name is to the gateway."""
    for names, role in ((CREDENTIALS, Role.CREDENTIAL), (LOGGED, Role.LOGGED), (HOP_BY_HOP, Role.HOP)):
        if lower in names:
            return role
    if lower == b"content-length":
        return Role.LENGTH
    if lower in CLAIMS:
        return Role.CLAIM
    if lower.startswith(b"x-revenuer-"):
        return Role.OWN
    # Some servers read X_Api_Key as X-Api-Key: what was not judged under that name must not arrive as it.
    return Role.DROPPED if lower == b"host" or b"_" in lower else Role.PLAIN


@lru_cache(maxsize=1024)
def _fingerprint(names: bytes) -> str:
    return hashlib.blake2b(names, digest_size=8).hexdigest()


def _passes(head: Head, role: Role, item: tuple[bytes, bytes, bytes], *, trusted: bool) -> bool:
    """Note what a field says; whether it goes to the upstream."""
    lower, _, value = item
    if role is Role.CREDENTIAL:
        head.credentials.append((lower, value))
    elif role is Role.LENGTH:
        head.length = int(value)
    elif role is Role.CLAIM:
        if lower == b"x-forwarded-for":
            head.forwarded_for.append(value)
        return trusted
    else:
        _note_hop(head, lower, value)
        return False
    return True


def _note_hop(head: Head, lower: bytes, value: bytes) -> None:
    if lower == b"connection":
        head.named.update(token.strip().lower() for token in value.split(b","))
    elif lower == b"transfer-encoding":
        head.chunked = True
    elif lower == MARKER:
        head.marker += value


def _drop_named(head: Head) -> None:
    named = head.named - {b"keep-alive", b"close", b""}
    if not named:
        return
    if not named.isdisjoint(END_TO_END):
        raise Refusal(400, "connection_names", "Connection names a header field that belongs to the request itself.")
    head.fields = [item for item in head.fields if item[0] not in named]
