"""The databases that these tests run on; a test that asks for neither runs on a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.backends.sql.dialect import connect
from tests.contracts.databases import KINDS, bare, database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database."""
    return str(request.param)


@pytest.fixture
def url(kind: str, tmp_path: Path) -> str:
    """A database of that kind, its schema at the head."""
    return database(kind, tmp_path)


@pytest.fixture
def bare_url(kind: str, tmp_path: Path) -> str:
    """A database of that kind without tables."""
    return bare(kind, tmp_path)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A connection to it."""
    engine = connect(url)
    yield engine
    engine.dispose()
