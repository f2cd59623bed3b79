from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import pytest

from service.api.control import clock
from service.api.tokens import bootstrap, identify
from service.bootstrap.stores import stores
from service.secrets import Secrets
from service.settings import Settings

if TYPE_CHECKING:
    from tests.service.cli.conftest import Installation


def role_of(here: Installation, text: str, at: int | None = None) -> str | None:
    """Role that the token has in the installation's store, None where it opens nothing."""
    settings = Settings(data=here.data)
    held = stores(settings)
    try:
        key = Secrets.load(settings.secrets_folder).token_key
        identity = identify(held.tokens, key, text, clock() if at is None else at)
        return str(identity.role) if identity else None
    finally:
        held.close()


@pytest.mark.parametrize("role", ["viewer", "analyst", "admin"])
def test_create_prints_the_token_alone(here: Installation, role: str) -> None:
    """Standard output is the token and nothing else, so that a script can take it."""
    result = here.run("token", "create", "--role", role, "--note", "for the dashboard")
    assert result.exit_code == 0
    assert re.fullmatch(r"rvn_[0-9a-f]{12}_[\w-]{43}\n", result.stdout)
    assert role_of(here, result.stdout.strip()) == role


def test_the_folder_is_its_owners(here: Installation) -> None:
    """What a first command makes is open to nobody else."""
    here.run("token", "create", "--role", "viewer")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [here.data, *here.data.rglob("*")]}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_expiry(here: Installation) -> None:
    """A token of 30 minutes opens now, and nothing in an hour."""
    text = here.run("token", "create", "--role", "viewer", "--expires", "30m").stdout.strip()
    assert role_of(here, text) == "viewer"
    assert role_of(here, text, clock() + 3600 * 1_000_000) is None


def test_list_and_revoke(here: Installation) -> None:
    """The list shows ids and notes, never a secret; a revoked token opens nothing."""
    text = here.run("token", "create", "--role", "analyst", "--note", "[bold]shift[/bold]").stdout.strip()
    _, token_id, secret = text.split("_", 2)
    listed = here.run("token", "list").stdout
    assert token_id in listed
    assert "[bold]shift[/bold]" in listed
    assert secret not in listed
    assert here.run("token", "revoke", token_id).exit_code == 0
    assert role_of(here, text) is None


def test_revoking_what_is_not_there(here: Installation) -> None:
    """An unknown id is an error in one line; a whole token is refused without being repeated."""
    text = here.run("token", "create", "--role", "viewer").stdout.strip()
    unknown = here.run("token", "revoke", "0123456789ab")
    whole = here.run("token", "revoke", text)
    assert (unknown.exit_code, whole.exit_code) == (2, 2)
    assert unknown.stderr == "revenuer: no token of id '0123456789ab'; 'revenuer token list' shows them\n"
    assert text not in whole.output


def test_an_admin_token_takes_the_place_of_the_first(here: Installation) -> None:
    """The one-time token ends with the next admin token; a viewer's leaves it."""
    here.run("db", "upgrade")
    settings = Settings(data=here.data)
    held = stores(settings)
    bootstrap(held.tokens, settings, Secrets.load(settings.secrets_folder, create=True))
    held.close()
    first = (here.data / "admin-token").read_text().strip()
    here.run("token", "create", "--role", "viewer")
    assert role_of(here, first) == "admin"
    assert "revoked" in here.run("token", "create", "--role", "admin").stderr
    assert role_of(here, first) is None
    assert not (here.data / "admin-token").exists()


@pytest.mark.parametrize("words", [("--role", "root"), (), ("--role", "admin", "--expires", "soon")])
def test_what_cannot_be_made(here: Installation, words: tuple[str, ...]) -> None:
    """A wrong role, no role, or no duration: nothing is made."""
    result = here.run("token", "create", *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert not here.data.exists()
