"""The head of a request is read once, into what is forwarded, what identifies, and what is logged."""

from __future__ import annotations

import pytest

from service.gateway.refusal import Refusal
from service.gateway.request import Head, read_head
from service.model.query import CLIENT


def head(*fields: tuple[str, str], trusted: bool = False) -> Head:
    """The head of a request with these fields."""
    items = [(name.lower().encode(), name.encode(), value.encode("latin-1")) for name, value in fields]
    return read_head(items, trusted=trusted)


def names(found: Head) -> list[bytes]:
    """What is forwarded."""
    return [name for _, name, _ in found.fields]


def test_the_log_sees_the_allow_list_alone() -> None:
    """Lower-cased, and no field that could carry a secret."""
    logged = head(("User-Agent", "a"), ("Cookie", "b"), ("Authorization", "c"), ("X-Stainless-Lang", "py")).logged
    assert set(logged) == {"user-agent", "x-stainless-lang", CLIENT}


def test_clients_differ_by_the_order_of_names() -> None:
    """The fingerprint depends on names and their order, not on case or values."""
    one = head(("Host", "x"), ("A", "1"), ("B", "2")).logged[CLIENT]
    assert one == head(("host", "y"), ("a", "3"), ("b", "4")).logged[CLIENT]
    assert one != head(("Host", "x"), ("B", "2"), ("A", "1")).logged[CLIENT]


def test_keys_do_not_show() -> None:
    """What holds a key has no representation of it."""
    found = head(("Authorization", "Bearer sk-canary"))
    assert found.credentials == [(b"authorization", b"Bearer sk-canary")]
    assert "canary" not in repr(found)


def test_claims_pass_from_trusted_peers_only() -> None:
    """Either way they are noted."""
    for trusted in (True, False):
        found = head(("X-Forwarded-For", "1.2.3.4"), trusted=trusted)
        assert found.forwarded_for == [b"1.2.3.4"]
        assert (names(found) == [b"X-Forwarded-For"]) is trusted


def test_connection_names_what_is_dropped() -> None:
    """In any case and in any of several fields."""
    found = head(("Connection", "x-a"), ("connection", "X-B, close"), ("X-A", ""), ("x-b", ""), ("X-C", ""))
    assert names(found) == [b"X-C"]


@pytest.mark.parametrize("name", ["authorization", "X-API-Key", "api-key", "x-goog-api-key", "cookie", "content-type"])
def test_connection_cannot_name_what_matters(name: str) -> None:
    """Dropping it would make another request of this one."""
    with pytest.raises(Refusal, match="connection_names"):
        head(("Connection", name))
