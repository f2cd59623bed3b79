from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.service.cli.conftest import Installation

KEY = "sk-proj-0123456789"


@pytest.mark.parametrize("typed", [KEY, f"{KEY}\n", f"  {KEY}  ", f"Bearer {KEY}"])
def test_digest(here: Installation, typed: str) -> None:
    """The digest is HMAC-SHA256 of the key under the pepper, cut to 16 bytes, however the key was pasted."""
    result = here.run("key", "digest", stdin=typed)
    pepper = bytes.fromhex((here.data / "secrets" / "pepper").read_text())
    assert result.stdout.strip() == hmac.digest(pepper, KEY.encode(), hashlib.sha256)[:16].hex()
    assert KEY not in result.output


def test_no_key(here: Installation) -> None:
    """Nothing on standard input is an error, not the digest of nothing."""
    result = here.run("key", "digest", stdin="\n")
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_key_on_the_command_line_is_refused(here: Installation) -> None:
    """Others on the machine can read command lines."""
    assert here.run("key", "digest", KEY).exit_code == 2
