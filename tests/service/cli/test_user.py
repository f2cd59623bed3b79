"""``revenuer user`` on a real installation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.service.cli.conftest import Installation


def test_the_first_user_comes_by_a_link(here: Installation) -> None:
    """Adding makes the installation where it is missing, prints a link alone, and is in the audit log as ``cli``."""
    added = here.run("user", "add", "adam", "--role", "admin")
    assert added.exit_code == 0, added.output
    assert re.fullmatch(r"http://127\.0\.0\.1:8081/console/welcome/[\w-]{43}\n", added.stdout)
    assert "link not used yet" in here.run("user", "list").stdout
    said = here.run("audit", "list").stdout
    assert "user.added" in said
    assert "system:" in said


def test_a_password_is_asked_for_twice_and_never_shown(here: Installation) -> None:
    """With ``--password`` no link is made, and the password is on no stream."""
    word = "correct horse battery"
    added = here.run("user", "add", "adam", "--role", "admin", "--password", stdin=f"{word}\n{word}\n")
    assert added.exit_code == 0, added.output
    assert word not in added.output
    assert re.search(r"adam +admin.*good +password", here.run("user", "list").stdout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "add", "Adam!", "--role", "admin"), "no user's name"),
        (("user", "add", "adam", "--role", "viewer"), "never given to another"),
        (("user", "disable", "adam"), "last admin"),
        (("user", "role", "adam", "viewer"), "last admin"),
        (("user", "disable", "nobody"), "no user 'nobody'"),
        (("user", "link", "nobody"), "no user 'nobody'"),
    ],
)
def test_what_does_not_fit_is_said(here: Installation, words: tuple[str, ...], said: str) -> None:
    """In one line with exit status 2."""
    here.run("user", "add", "adam", "--role", "admin")
    done = here.run(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_roles_and_ends(here: Installation) -> None:
    """A role is changed, a user disabled and let in again."""
    here.run("user", "add", "adam", "--role", "admin")
    here.run("user", "add", "anna", "--role", "viewer")
    for words in (("role", "anna", "admin"), ("disable", "adam"), ("enable", "adam"), ("disable", "anna")):
        assert here.run("user", *words).exit_code == 0
    listed = here.run("user", "list").stdout
    assert re.search(r"anna +admin .* disabled ", listed)
    assert re.search(r"adam +admin .* good ", listed)
