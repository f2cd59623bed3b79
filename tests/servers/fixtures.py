"""Servers for tests, as fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers import running
from tests.servers.postgres import Postgres
from tests.servers.valkey import Cluster, Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _servers_end() -> Iterator[None]:
    """Whatever a test started is ended with the run."""
    yield
    running.close()


@pytest.fixture(autouse=True)
def _databases_go() -> Iterator[None]:
    """A test's databases go with it."""
    yield
    running.forget()


@pytest.fixture
def postgres_url() -> str:
    """A fresh Postgres database with this version's schema."""
    return running.postgres()


@pytest.fixture
def empty_postgres_url() -> str:
    """A fresh Postgres database without tables."""
    return running.empty_postgres()


@pytest.fixture
def valkey_url() -> str:
    """An empty Valkey."""
    return running.valkey()


@pytest.fixture
def cluster_url() -> str:
    """An empty Valkey Cluster of three nodes."""
    return running.cluster()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A Postgres for this test alone, to be killed or filled."""
    with Postgres() as server:
        yield server


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """A Valkey for this test alone, to be killed or wiped."""
    with Valkey() as server:
        yield server


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A cluster of three for this test alone."""
    with Cluster(3) as servers:
        yield servers
