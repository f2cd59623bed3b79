"""One gateway and one upstream for the whole suite; a test that needs other settings starts its own."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.gateway import Gateway
from tests.conformance.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.peer import Peer

_numbers = itertools.count()


@pytest.fixture(scope="session")
def _shared() -> Iterator[tuple[Gateway, Upstream]]:
    upstream = Upstream()
    gateway = Gateway(f"http://127.0.0.1:{upstream.port}")
    yield gateway, upstream
    gateway.stop()
    upstream.close()


@pytest.fixture
def upstream(_shared: tuple[Gateway, Upstream]) -> Iterator[Upstream]:
    """The upstream behind ``gateway``; what failed in it fails the test."""
    upstream = _shared[1]
    upstream.reset()
    yield upstream
    assert upstream.failures == []


@pytest.fixture
def gateway(_shared: tuple[Gateway, Upstream], upstream: Upstream) -> Gateway:
    """The gateway with default settings, in front of ``upstream``."""
    assert upstream is _shared[1]
    gateway = _shared[0]
    gateway.table.decisions.clear()
    return gateway


@pytest.fixture
def start(upstream: Upstream) -> Iterator[Callable[..., Gateway]]:
    """Starts a gateway with settings of the test's own."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Gateway:
            gateway = Gateway(settings.pop("upstream", f"http://127.0.0.1:{upstream.port}"), **settings)
            stack.callback(gateway.stop)
            return gateway

        yield start


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Peer]:
    """A connection to the gateway."""
    peer = gateway.connect()
    yield peer
    peer.close()


@pytest.fixture
def path() -> str:
    """A path that no other test asks for, by which its records are found."""
    return f"/test/{next(_numbers)}"
