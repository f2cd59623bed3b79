"""Reach: which addresses a notice may be sent to. An installation sees networks that its users must not.

The address is looked up once and then connected to, so that a name cannot mean another one in between.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotReached(Exception):
    """The target cannot, or must not, be sent to. The message names no secret."""


def address(host: str, port: int, *, private: bool) -> tuple[str, int]:
    """The IP address and port to connect to.

    Parameters
    ----------
    private
        Whether addresses that are not public are allowed, as the setting ``notify.private`` says.

    Raises
    ------
    NotReached
        The name means nothing, or any of its addresses is not public and that is not allowed.

    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotReached(f"there is no host '{host[:100]}'") from None
    addresses = [str(entry[4][0]) for entry in found]
    inside = [one for one in addresses if not _public(one)]
    if inside and not private:
        raise NotReached(
            f"'{host[:100]}' is on a private address; the setting notify.private allows that for every destination"
        )
    return addresses[0], port


def _public(text: str) -> bool:
    return all(one.is_global and not one.is_multicast for one in _meanings(text))


def _meanings(text: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address, and the IPv4 one that an IPv6 address carries: mapped, 6to4 and Teredo lead there."""
    one = ipaddress.ip_address(text.partition("%")[0])
    yield one
    if isinstance(one, ipaddress.IPv6Address):
        yield from (inner for inner in (one.ipv4_mapped, one.sixtofour) if inner is not None)
        yield from one.teredo or ()
        if one in ipaddress.ip_network("64:ff9b::/96"):
            yield ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
