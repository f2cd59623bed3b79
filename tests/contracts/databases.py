"""Empty databases, their schema at the head. A new kind is one line here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from service.backends.sql import schema
from tests.servers import running

KINDS = ("sqlite", "postgres")
"""Every database that the SQL backend runs on."""


def database(kind: str, folder: Path) -> str:
    """The URL of a fresh one of that kind, in the folder where it is a file."""
    return running.postgres() if kind == "postgres" else sqlite(folder)


def bare(kind: str, folder: Path) -> str:
    """The same without any table."""
    return running.empty_postgres() if kind == "postgres" else f"sqlite:///{folder / 'revenuer.db'}"


def sqlite(folder: Path) -> str:
    """``revenuer.db`` in the folder, a copy of one that was migrated once."""
    path = folder / "revenuer.db"
    path.write_bytes(_migrated())
    return f"sqlite:///{path}"


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "revenuer.db"
        schema.upgrade(f"sqlite:///{path}")
        return path.read_bytes()
