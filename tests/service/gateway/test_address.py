"""The client's address is believed from trusted proxies only, and kept as a prefix."""

from __future__ import annotations

import pytest

from service.gateway.address import Addresses

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("203.0.113.9", [], "203.0.113.0/24", id="v4"),
        pytest.param("2001:db8:1:2::3", [], "2001:db8:1::/48", id="v6"),
        pytest.param("::ffff:203.0.113.9", [], "203.0.113.0/24", id="mapped"),
        pytest.param("203.0.113.9", [b"198.51.100.1"], "203.0.113.0/24", id="stranger-claims"),
        pytest.param("10.0.0.1", [b"198.51.100.1"], "198.51.100.0/24", id="proxy-names"),
        pytest.param("10.0.0.1", [b"6.6.6.6, 198.51.100.1, 10.2.3.4"], "198.51.100.0/24", id="right-most"),
        pytest.param("10.0.0.1", [b"6.6.6.6", b"198.51.100.1"], "198.51.100.0/24", id="two-fields"),
        pytest.param("10.0.0.1", [b"[2001:db8:5::1]:443"], "2001:db8:5::/48", id="brackets"),
        pytest.param("10.0.0.1", [b"198.51.100.1:5000"], "198.51.100.0/24", id="port"),
        pytest.param("10.0.0.1", [b"10.9.9.9"], "10.0.0.0/24", id="only-proxies"),
        pytest.param("10.0.0.1", [b"1.2.3.4, unknown"], "", id="nonsense"),
        pytest.param("10.0.0.1", [], "10.0.0.0/24", id="proxy-itself"),
        pytest.param("", [], "", id="unix-socket"),
    ],
)
def test_prefix(peer: str, forwarded: list[bytes], expected: str) -> None:
    """Read from the right, the first address that is no proxy of ours is the client."""
    assert Addresses(PROXIES).prefix(peer, forwarded) == expected


def test_nobody_is_trusted_by_default() -> None:
    """Without trusted proxies the peer is the client."""
    assert Addresses(()).prefix("127.0.0.1", [b"198.51.100.1"]) == "127.0.0.0/24"
    assert not Addresses(()).trusts("127.0.0.1")
