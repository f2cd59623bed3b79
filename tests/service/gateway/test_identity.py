"""A key becomes a keyed digest, and nothing else is left of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from service.gateway.clock import Clock
from service.gateway.identity import CACHED, Identities, Identity, digest
from service.gateway.identity_map import IdentityMap
from service.gateway.refusal import Refusal
from service.gateway.transcript import Transcript
from service.model.ids import shard, shard_of
from service.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

PEPPER = b"p" * 32
BEARER = b"authorization"


def identities(path: Path | None = None) -> Identities:
    """Callers under that map, or under none."""
    return Identities(PEPPER, IdentityMap(path))


def a_map(folder: Path, text: str) -> Path:
    """A file with that text, changed also for a file system with coarse times."""
    file = folder / "callers.yaml"
    file.write_text(text)
    os.utime(file, ns=(len(text), hash(text) & 0xFFFFFFFF))
    return file


def entry(key: bytes, account: str) -> str:
    """A map that names one key."""
    return f"keys:\n  {digest(PEPPER, key)}:\n    account: {account}\n"


def test_digest_is_keyed() -> None:
    """Another pepper gives another digest of the same key; it has 32 hex digits."""
    assert digest(PEPPER, b"k") == digest(PEPPER, b"k")
    assert digest(PEPPER, b"k") != digest(b"q" * 32, b"k")
    assert len(bytes.fromhex(digest(PEPPER, b"k"))) == 16


@pytest.mark.parametrize("value", [b"Bearer sk-1", b"bearer  sk-1 ", b"sk-1"])
def test_scheme_is_no_part_of_the_key(value: bytes) -> None:
    """However a key is written in the field, it is the same caller."""
    assert identities().of([(BEARER, value)]).account == f"key-{digest(PEPPER, b'sk-1')}"


@pytest.mark.parametrize("credentials", [[], [(BEARER, b"Bearer ")], [(b"x-api-key", b"")]])
def test_no_key(credentials: list[tuple[bytes, bytes]]) -> None:
    """An empty key is none."""
    assert identities().of(credentials) == Identity("anonymous", "", known=False)


def test_same_key_twice_in_different_fields() -> None:
    """Two fields may carry one key."""
    found = identities().of([(BEARER, b"Bearer k"), (b"x-api-key", b"k")])
    assert found.account == f"key-{digest(PEPPER, b'k')}"


@pytest.mark.parametrize(
    "credentials", [[(BEARER, b"Bearer a"), (BEARER, b"Bearer a")], [(BEARER, b"Bearer a"), (b"api-key", b"b")]]
)
def test_ambiguous(credentials: list[tuple[bytes, bytes]]) -> None:
    """A caller cannot hide one key behind another."""
    with pytest.raises(Refusal, match="ambiguous_credentials"):
        identities().of(credentials)


def test_memory_is_bounded() -> None:
    """Made-up keys do not fill the memory."""
    them = identities()
    for number in range(CACHED + 10):
        them.of([(BEARER, b"%d" % number)])
    assert len(them._cache) == CACHED


def test_the_map_names_callers(tmp_path: Path) -> None:
    """A named key has its account and org."""
    file = a_map(tmp_path, entry(b"k", "acme") + "    org: acme-inc\n")
    assert identities(file).of([(BEARER, b"k")]) == Identity("acme", "acme-inc", known=True)


def test_a_changed_map_is_read(tmp_path: Path) -> None:
    """A new map is in force once read; a bad one and a vanished one change nothing."""
    names = IdentityMap(a_map(tmp_path, entry(b"k", "acme")))
    them = Identities(PEPPER, names)
    assert them.of([(BEARER, b"k")]).account == "acme"
    assert not names.refresh()
    a_map(tmp_path, entry(b"k", "other"))
    assert names.refresh()
    them.forget()
    assert them.of([(BEARER, b"k")]).account == "other"
    a_map(tmp_path, "keys: [")
    assert not names.refresh()
    (tmp_path / "callers.yaml").unlink()
    assert not names.refresh()
    them.forget()
    assert them.of([(BEARER, b"k")]).account == "other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("key: {}", r"callers.yaml:1: unknown field 'key'; did you mean 'keys'\?"),
        (entry(b"k", "a") + "    acount: b\n", r"callers.yaml:4: unknown field 'acount'; did you mean 'account'\?"),
        ("keys:\n  sk-secret: {account: a}\n", r"callers.yaml:2: not a key digest"),
        (f"keys:\n  {'a' * 32}: {{org: o}}\n", r"callers.yaml:2: an entry needs an 'account'"),
        (f"keys:\n  {'a' * 32}: {{account: [x]}}\n", r"callers.yaml:2: 'account' must be a name"),
        (f"keys:\n  {'a' * 32}: {{account: a}}\n  {'a' * 32}: {{account: b}}\n", r"callers.yaml:3: .* twice"),
        ("keys: [a, b]\n", r"callers.yaml:1: expected a mapping"),
        ("keys: {\n", r"callers.yaml:\d: not YAML"),
    ],
)
def test_a_bad_map_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    """It is told by file, line and what was probably meant, and never quotes what might be a key."""
    with pytest.raises(SettingsError, match=message) as caught:
        IdentityMap(a_map(tmp_path, text))
    assert "sk-secret" not in str(caught.value)


def test_a_missing_map_stops_the_start(tmp_path: Path) -> None:
    """So does a file that is not there."""
    with pytest.raises(SettingsError, match="No such file"):
        IdentityMap(tmp_path / "none.yaml")


def test_an_empty_map_names_nobody(tmp_path: Path) -> None:
    """An empty file is an empty map."""
    assert IdentityMap(a_map(tmp_path, "")).names == {}
    assert IdentityMap(a_map(tmp_path, "keys:\n")).names == {}


def test_the_shard_is_the_callers(tmp_path: Path) -> None:
    """Accounts of one org share its shard, an account without one has its own, and a query's id carries it."""
    file = a_map(
        tmp_path,
        "keys:\n" + "".join(f"  {digest(PEPPER, k)}: {{account: {k.decode()}, org: o}}\n" for k in (b"a", b"b")),
    )
    known = identities(file)
    a, b, stranger = (known.of([(BEARER, key)]) for key in (b"a", b"b", b"c"))
    assert a.shard == b.shard == shard("o", "a")
    assert stranger.shard == shard("", stranger.account)
    told = Transcript(Clock(), Settings().limits, method="POST", path="/")
    told.of(stranger)
    assert shard_of(told.id) == stranger.shard
