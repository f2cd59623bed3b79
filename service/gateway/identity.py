"""Who calls. The caller's key becomes a keyed digest here, and exists nowhere behind this module."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.gateway.refusal import Refusal
from service.model.ids import shard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.gateway.identity_map import IdentityMap

CREDENTIALS = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")
ANONYMOUS = "anonymous"
DIGEST_BYTES = 16
CACHED = 65536
"""Credentials remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller, without the key."""

    account: str
    """The map's name, ``key-<digest>``, or ``anonymous`` where no key came."""
    org: str
    known: bool
    """Whether the map names it."""
    shard: int = field(default=0, compare=False)
    """Where the caller's queries belong, stamped into their ids; reckoned once a credential."""


def digest(pepper: bytes, key: bytes) -> str:
    """HMAC-SHA256 of a caller key, cut to 16 bytes, in hex: what the identity map and the log call it."""
    return hmac.digest(pepper, key, "sha256")[:DIGEST_BYTES].hex()


class Identities:
    """From credential fields to callers.

    A digest is computed once per credential: the last ``CACHED`` of them are remembered, in memory only.
    """

    def __init__(self, pepper: bytes, names: IdentityMap) -> None:
        self._pepper = pepper
        self._map = names
        self._cache: dict[bytes, Identity] = {}
        self._anonymous = _identity(ANONYMOUS, "", known=False)

    def __repr__(self) -> str:
        return "Identities(...)"

    def forget(self) -> None:
        """The map changed: look everyone up again."""
        self._cache.clear()

    def of(self, credentials: Sequence[tuple[bytes, bytes]]) -> Identity:
        """The caller behind credential fields (lower-cased name, value).

        Raises
        ------
        Refusal
            400 where a field comes twice or two fields name different keys: the upstream would pick one,
            and a caller could hide behind the other.

        """
        if not credentials:
            return self._anonymous
        if len(credentials) == 1:
            value = credentials[0][1]
            return self._cache.get(value) or self._remember(value, bare(value))
        if len({name for name, _ in credentials}) < len(credentials):
            raise Refusal(400, "ambiguous_credentials", "A credential header came more than once; send it once.")
        keys = {bare(value) for _, value in credentials}
        if len(keys) > 1:
            raise Refusal(400, "ambiguous_credentials", "Two headers carry different keys; send one of them.")
        value = credentials[0][1]
        return self._cache.get(value) or self._remember(value, keys.pop())

    def _remember(self, value: bytes, key: bytes) -> Identity:
        if not key:
            return self._anonymous
        name = digest(self._pepper, key)
        named = self._map.names.get(name)
        account, org = (named.account, named.org) if named else (f"key-{name}", "")
        identity = _identity(account, org, known=named is not None)
        if len(self._cache) >= CACHED:
            self._cache.pop(next(iter(self._cache)), None)
        self._cache[value] = identity
        return identity


def _identity(account: str, org: str, *, known: bool) -> Identity:
    return Identity(account, org, known, shard(org, account))


def bare(value: bytes) -> bytes:
    """The key in a field's value: what follows ``Bearer``, or all of it."""
    scheme, _, rest = value.partition(b" ")
    return rest.strip() if scheme.lower() == b"bearer" else value.strip()
