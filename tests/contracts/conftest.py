"""The stores that the contracts run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.backends.memory import MemoryCheckpoint
from service.backends.sql import schema
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.ports import Checkpoint

DATABASES = ("sqlite",)
"""Every database that the SQL backend runs on; another is one name here and one line in ``database``."""


def database(kind: str, folder: Path) -> str:
    """The URL of an empty database of that kind, its schema at the head."""
    url = {"sqlite": f"sqlite:///{folder / 'revenuer.db'}"}[kind]
    schema.upgrade(url)
    return url


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind."""
    return database(request.param, tmp_path)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A connection to it."""
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture(params=("memory", *DATABASES))
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Checkpoint]:
    """An empty checkpoint of each kind."""
    if request.param == "memory":
        yield MemoryCheckpoint(keep_events=True)
        return
    engine = connect(database(request.param, tmp_path))
    yield SqlCheckpoint(engine, keep="full")
    engine.dispose()
