from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from service.secrets import SIZE, Secrets, SecretsError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("pepper", "spool_key", "token_key", "digest_key")


def values(held: Secrets) -> list[bytes]:
    """The four values."""
    return [getattr(held, name) for name in NAMES]


def test_made_once(tmp_path: Path) -> None:
    """The first load makes four different secrets, the next reads the same."""
    folder = tmp_path / "data" / "secrets"
    made = Secrets.load(folder, create=True, environment={})
    assert {len(value) for value in values(made)} == {SIZE}
    assert len(set(values(made))) == len(NAMES)
    assert Secrets.load(folder, environment={}) == made


def test_open_to_nobody_else(tmp_path: Path) -> None:
    """Files are 0600, the folders above them 0700."""
    folder = tmp_path / "data" / "secrets"
    Secrets.load(folder, create=True, environment={})
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}
    assert {path.name for path in folder.iterdir()} == set(NAMES)


def test_starts_at_once_agree(tmp_path: Path) -> None:
    """Of several first starts at the same time one wins, and all hold the same secrets."""
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: Secrets.load(tmp_path / "s", create=True, environment={}), range(32)))
    assert {tuple(values(held)) for held in loaded} == {tuple(values(loaded[0]))}


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """A variable beats the file, and no file is made for it."""
    held = Secrets.load(tmp_path, create=True, environment={"REVENUER_PEPPER": "ab" * SIZE})
    assert held.pepper == b"\xab" * SIZE
    assert not (tmp_path / "pepper").exists()


def test_nothing_is_made_unasked(tmp_path: Path) -> None:
    """Without ``create`` a missing secret is an error that says what to do, and nothing is written."""
    with pytest.raises(SecretsError, match=r"pepper: No such file.*REVENUER_PEPPER"):
        Secrets.load(tmp_path / "secrets", environment={})
    assert not (tmp_path / "secrets").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_that_others_can_read(tmp_path: Path, mode: int) -> None:
    """It is refused with the command that mends it."""
    Secrets.load(tmp_path, create=True, environment={})
    (tmp_path / "token_key").chmod(mode)
    with pytest.raises(SecretsError, match=r"token_key: mode 0\d+ lets other users read it; run: chmod 600 "):
        Secrets.load(tmp_path, environment={})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("zz" * SIZE, "not hexadecimal", id="not-hex"),
        pytest.param("abcd", "2 bytes; expected 32", id="short"),
        pytest.param("  ", "0 bytes; expected 32", id="empty"),
        pytest.param("ab" * 33, "33 bytes; expected 32", id="long"),
    ],
)
@pytest.mark.parametrize("place", ["file", "environment"])
def test_a_damaged_secret(tmp_path: Path, text: str, said: str, place: str) -> None:
    """It is refused wherever it is, and its text is not repeated."""
    Secrets.load(tmp_path, create=True, environment={})
    environment = {"REVENUER_SPOOL_KEY": text} if place == "environment" else {}
    if place == "file":
        descriptor = os.open(tmp_path / "spool_key", os.O_WRONLY | os.O_TRUNC)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    with pytest.raises(SecretsError, match=said) as caught:
        Secrets.load(tmp_path, environment=environment)
    assert text.strip() == "" or text not in str(caught.value)


def test_the_representation_hides_them(tmp_path: Path) -> None:
    """A logged or printed object shows nothing."""
    held = Secrets.load(tmp_path, create=True, environment={})
    assert repr(held) == str(held) == "Secrets(...)"
