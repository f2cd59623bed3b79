"""The stores that the contracts run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.backends.memory import MemoryCheckpoint
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from tests.contracts.databases import KINDS, database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.ports import Checkpoint


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind."""
    return database(request.param, tmp_path)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A connection to it."""
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture(params=("memory", *KINDS))
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Checkpoint]:
    """An empty checkpoint of each kind."""
    if request.param == "memory":
        yield MemoryCheckpoint(keep_events=True)
        return
    engine = connect(database(request.param, tmp_path))
    yield SqlCheckpoint(engine, keep="full")
    engine.dispose()
