"""The installation's secrets: 32 random bytes each, from a 0600 file or the environment, made on first start."""

from __future__ import annotations

import os
import secrets as random
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SIZE = 32


class SecretsError(Exception):
    """A secret cannot be read or must not be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """All of them. The representation hides the values."""

    pepper: bytes
    """Keys the digests of caller keys."""
    spool_key: bytes
    """AES-256-GCM key of the spool; never goes to SQL."""
    token_key: bytes
    """Keys the digests of control-plane tokens and signs cursors."""
    digest_key: bytes
    """Keys the digests of prompts, skeletons and conversations."""

    def __repr__(self) -> str:
        return "Secrets(...)"

    @classmethod
    def load(cls, folder: Path, *, create: bool = False, environment: Mapping[str, str] | None = None) -> Self:
        """The secrets of ``folder``; ``REVENUER_PEPPER`` and the like (64 hex digits) come first.

        Raises
        ------
        SecretsError
            Missing and not ``create``, unreadable, of the wrong length, or open to other users.

        """
        environment = os.environ if environment is None else environment
        values: dict[str, bytes] = {}
        for name in (f.name for f in fields(cls)):
            variable = f"REVENUER_{name.upper()}"
            if environment.get(variable):
                values[name] = _decode(environment[variable], f"environment variable {variable}")
            else:
                values[name] = _from_file(folder, name, create=create)
        return cls(**values)


def _from_file(folder: Path, name: str, *, create: bool) -> bytes:
    path = folder / name
    if create and not path.exists():
        _make(path)
    try:
        mode = path.stat().st_mode
        text = path.read_bytes().decode("ascii", "replace")
    except OSError as error:
        raise SecretsError(
            f"{path}: {error.strerror}; start revenuer once to make it, or set REVENUER_{name.upper()}"
        ) from None
    if mode & 0o077:
        raise SecretsError(f"{path}: mode {mode & 0o777:04o} lets other users read it; run: chmod 600 {path}")
    return _decode(text, str(path))


def _make(path: Path) -> None:
    # ``parents`` alone would make the data folder with the mode of any other.
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written aside and linked, so that of two starts at once one file wins, whole.
    aside = path.with_name(f".{path.name}.{random.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(random.token_hex(SIZE))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in the folder last: a pepper that a power cut takes away renames every caller."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _decode(text: str, where: str) -> bytes:
    try:
        value = bytes.fromhex(text.strip())
    except ValueError:
        raise SecretsError(f"{where}: not hexadecimal; expected {2 * SIZE} hex digits") from None
    if len(value) != SIZE:
        raise SecretsError(f"{where}: {len(value)} bytes; expected {SIZE}, as {2 * SIZE} hex digits")
    return value
