"""The client's address, as far as it may be believed, cut to a prefix."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network
    IP = ipaddress.IPv4Address | ipaddress.IPv6Address

V4, V6 = 24, 48
"""Bits kept: a site, not a person."""


class Addresses:
    """Who is at the other end: the peer, or whom a trusted proxy names.

    Parameters
    ----------
    trusted
        Networks whose X-Forwarded-For is believed.

    """

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(ipaddress.ip_network(network) for network in trusted)
        self._peer = lru_cache(maxsize=4096)(self._read_peer)

    def trusts(self, peer: str) -> bool:
        """Whether what this peer says about the client is believed."""
        return bool(self._trusted) and self._peer(peer)[1]

    def prefix(self, peer: str, forwarded: Sequence[bytes]) -> str:
        """``203.0.113.0/24`` or ``2001:db8::/48``; empty where unknown.

        ``forwarded`` holds the X-Forwarded-For fields in order. Read from the right, the first address
        that is no trusted proxy is the client: everything left of it may be invented.
        """
        prefix, trusted = self._peer(peer)
        if not trusted or not forwarded:
            return prefix
        for text in reversed(b",".join(forwarded).decode("latin-1").split(",")):
            address = _parse(text)
            if address is None:
                return ""
            if not self._is_trusted(address):
                return _prefix(address)
        return prefix

    def _read_peer(self, peer: str) -> tuple[str, bool]:
        address = _parse(peer)
        return ("", False) if address is None else (_prefix(address), self._is_trusted(address))

    def _is_trusted(self, address: IP) -> bool:
        return any(address in network for network in self._trusted)


def _parse(text: str) -> IP | None:
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _prefix(address: IP) -> str:
    return str(ipaddress.ip_network((address, V4 if address.version == 4 else V6), strict=False))
