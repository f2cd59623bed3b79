"""Each path has at most one way to go, and an ambiguous one has none."""

from __future__ import annotations

import pytest

from service.gateway.refusal import Refusal
from service.gateway.targets import Targets
from service.settings import SettingsError

LISTEN = "127.0.0.1:8080"


def resolved(upstream: str | dict[str, str], path: bytes) -> bytes:
    """Scheme, host, port and path that a path leads to."""
    target, there = Targets(upstream, listen=LISTEN).resolve(path)
    origin = target.origin
    return b"%b://%b:%d%b" % (b"https" if origin.tls else b"http", origin.host.encode(), origin.port, there)


@pytest.mark.parametrize(
    ("upstream", "path", "expected"),
    [
        ("https://api.test", b"/v1/chat", b"https://api.test:443/v1/chat"),
        ("http://api.test/", b"/", b"http://api.test:80/"),
        ("http://api.test:1234/base", b"/v1", b"http://api.test:1234/base/v1"),
        ({"/o": "https://o.test/v1"}, b"/o/chat", b"https://o.test:443/v1/chat"),
        ({"/o": "https://o.test"}, b"/o", b"https://o.test:443/"),
        ({"/": "http://a.test", "/o/": "http://o.test"}, b"/o/x", b"http://o.test:80/x"),
        ({"/": "http://a.test", "/o": "http://o.test"}, b"/ox", b"http://a.test:80/ox"),
        ("http://[::1]:9000", b"/x", b"http://::1:9000/x"),
        ("http://a.test", b"//x/...//.y", b"http://a.test:80//x/...//.y"),
        ("http://a.test", b"/%2f%25", b"http://a.test:80/%2f%25"),
    ],
)
def test_resolution(upstream: str | dict[str, str], path: bytes, expected: bytes) -> None:
    """The prefix is replaced by the URL's path; the rest stays as it is."""
    assert resolved(upstream, path) == expected


@pytest.mark.parametrize(
    "path", [b"/..", b"/.", b"/a/%2E%2e/b", b"/a/.%2e;p=1/b", b"/%00", b"/a\\b", b"/%5C", b"/\xff"]
)
def test_ambiguous_paths(path: bytes) -> None:
    """What an upstream might read as another path is refused."""
    with pytest.raises(Refusal, match="400"):
        resolved("http://a.test", path)


@pytest.mark.parametrize("upstream", ["http://127.0.0.1:8080", "http://localhost:8080/v1", {"/x": "http://[::1]:8080"}])
def test_own_address(upstream: str | dict[str, str]) -> None:
    """An upstream that is the gateway itself stops the start."""
    with pytest.raises(SettingsError, match="circle"):
        Targets(upstream, listen=LISTEN)


def test_none() -> None:
    """Without an upstream the message says how to set one."""
    with pytest.raises(SettingsError, match="REVENUER_UPSTREAM"):
        Targets(None, listen=LISTEN)
