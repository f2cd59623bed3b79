"""Tokens: what is stored, what opens, and the one of the first start."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from service.api.access import Role
from service.api.identity import Identity
from service.api.tokens import FIRST_LIFE, bootstrap, first_file, identify, issue, retire_first
from service.bootstrap.stores import stores, upgrade
from service.settings import Settings
from tests.service.api.conftest import SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.ports import Tokens

KEY = SECRETS.token_key
NOW = 1_000_000


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[Tokens]:
    """A store without a token."""
    settings = Settings(data=tmp_path / "store")
    settings.data.mkdir()
    upgrade(settings)
    held = stores(settings)
    yield held.tokens
    held.close()


def test_a_token_opens_with_its_role(tokens: Tokens) -> None:
    """What was issued is found, with its role."""
    text = issue(tokens, KEY, role=Role.ANALYST, now=NOW, life=10)
    assert identify(tokens, KEY, text, NOW) == Identity(
        name=f"token:{text.split('_')[1]}", role=Role.ANALYST, expires=NOW + 10
    )


def test_the_secret_is_not_stored(tokens: Tokens) -> None:
    """The store holds nothing of the secret, and another key makes another digest."""
    text = issue(tokens, KEY, role=Role.ADMIN, now=NOW, life=None)
    (stored,) = tokens.all()
    secret = text.split("_", 2)[2]
    assert secret not in repr(stored)
    assert secret.encode() not in stored.digest
    assert identify(tokens, b"x" * 32, text, NOW) is None


def test_nearly_a_token(tokens: Tokens) -> None:
    """A text that differs in anything opens nothing."""
    text = issue(tokens, KEY, role=Role.ADMIN, now=NOW, life=None)
    near = [text[:-1], text + "a", text.swapcase(), f" {text}", f"{text}\n", text.replace("rvn_", "")]
    assert [identify(tokens, KEY, other, NOW) for other in near] == [None] * len(near)


def test_another_tokens_secret(tokens: Tokens) -> None:
    """The id of one token with the secret of another opens nothing."""
    one, other = (issue(tokens, KEY, role=Role.ADMIN, now=NOW, life=None).split("_", 2) for _ in range(2))
    assert identify(tokens, KEY, f"rvn_{one[1]}_{other[2]}", NOW) is None


@pytest.mark.parametrize(("after", "opens"), [(9, True), (10, False)])
def test_expiry(tokens: Tokens, after: int, opens: bool) -> None:  # noqa: FBT001
    """A token opens until its life is over, and not at its last moment."""
    text = issue(tokens, KEY, role=Role.ADMIN, now=NOW, life=10)
    assert (identify(tokens, KEY, text, NOW + after) is not None) == opens


def test_first_start_without_a_terminal(tokens: Tokens, tmp_path: Path) -> None:
    """Without a terminal the token is in a file that only its owner reads, and not in what is shown."""
    settings = Settings(data=tmp_path)
    shown = bootstrap(tokens, settings, SECRETS, now=NOW, terminal=io.StringIO())
    path = first_file(settings)
    text = path.read_text().strip()
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(path) in shown
    assert text not in shown
    identity = identify(tokens, KEY, text, NOW)
    assert identity is not None
    assert identity.role is Role.ADMIN
    assert identify(tokens, KEY, text, NOW + FIRST_LIFE) is None


def test_first_start_on_a_terminal(tokens: Tokens, tmp_path: Path) -> None:
    """On a terminal the token is shown, and on no disk."""
    shown = bootstrap(tokens, Settings(data=tmp_path), SECRETS, now=NOW, terminal=Terminal())
    assert identify(tokens, KEY, shown.split()[-1], NOW) is not None
    assert not list(tmp_path.rglob("admin-token"))


def test_second_start(tokens: Tokens, tmp_path: Path) -> None:
    """Where a token was ever made, no start makes another."""
    settings = Settings(data=tmp_path)
    issue(tokens, KEY, role=Role.VIEWER, now=NOW, life=None)
    assert bootstrap(tokens, settings, SECRETS, now=NOW, terminal=Terminal()) == ""
    assert len(tokens.all()) == 1


def test_the_first_token_is_retired(tokens: Tokens, tmp_path: Path) -> None:
    """It and its file go when another admin token takes its place; others stay."""
    settings = Settings(data=tmp_path)
    bootstrap(tokens, settings, SECRETS, now=NOW, terminal=io.StringIO())
    text = first_file(settings).read_text().strip()
    other = issue(tokens, KEY, role=Role.ADMIN, now=NOW, life=None)
    assert retire_first(tokens, settings)
    assert identify(tokens, KEY, text, NOW) is None
    assert identify(tokens, KEY, other, NOW) is not None
    assert not first_file(settings).exists()
