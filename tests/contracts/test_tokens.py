"""What every ``ports.Tokens`` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.backends.sql.tokens import SqlTokens
from service.backends.witness import Witness
from tests.contracts.factories import AN_ACT, a_token

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.ports import Tokens


@pytest.fixture
def tokens(engine: Engine, tmp_path: Path) -> Tokens:
    """An empty store."""
    return SqlTokens(engine, Witness(tmp_path / "audit-heads"))


class TestTokens:
    """Tokens are found until they are revoked."""

    def test_are_found_whole(self, tokens: Tokens) -> None:
        """With and without an end; unknown ids are not."""
        added = [a_token(0), a_token(1, expires=None, role="admin", note="")]
        for token in added:
            tokens.add(token, AN_ACT)
        assert [tokens.find(token.id) for token in added] == added
        assert list(tokens.all()) == added[::-1]
        assert tokens.find("nobody") is None

    def test_a_revoked_one_is_gone(self, tokens: Tokens) -> None:
        """At once, and the second revocation says so."""
        tokens.add(a_token(), AN_ACT)
        assert tokens.revoke(a_token().id, AN_ACT)
        assert tokens.find(a_token().id) is None
        assert not tokens.revoke(a_token().id, AN_ACT)

    def test_one_is_never_overwritten(self, tokens: Tokens) -> None:
        """A second one of the same id would inherit the first one's reach."""
        tokens.add(a_token(), AN_ACT)
        with pytest.raises(ValueError, match="exists already"):
            tokens.add(a_token(role="admin"), AN_ACT)
        assert tokens.find(a_token().id) == a_token()
