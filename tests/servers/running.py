"""The servers that a test run shares, each started when the first test asks for it.

Fault tests that kill or fill a server start one of their own.
"""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

import pg8000.dbapi
from redis import Redis
from sqlalchemy.engine import make_url

from service.backends.sql import schema
from tests.servers.postgres import Postgres, execute
from tests.servers.valkey import Cluster, Valkey

if TYPE_CHECKING:
    from collections.abc import Callable

_removals: list[Callable[[], None]] = []
_used: list[str] = []
_numbers = itertools.count(1)

# What a crash of the machine would lose is of no interest here; a killed process loses nothing of it.
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")


@cache
def postgres_server() -> str:
    """URL of a database of the shared Postgres, under a user who may create others."""
    given = os.environ.get("REVENUER_TEST_POSTGRES")
    if given:
        return given
    server = Postgres(options=_FAST)
    _removals.append(server.remove)
    server.start()
    return server.url()


def postgres() -> str:
    """URL of a fresh database with this version's schema, which is gone after the test."""
    return _created(_template())


def empty_postgres() -> str:
    """URL of a fresh database without tables, which is gone after the test."""
    return _created("template0")


def valkey() -> str:
    """URL of the shared Valkey's database, emptied."""
    url = _valkey()
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


def cluster() -> str:
    """URL of a node of the shared cluster of three, emptied."""
    found = _cluster()
    found.flush()
    return found.url()


def forget() -> None:
    """Drop the databases that a test made."""
    while _used:
        name = _used.pop()
        execute(postgres_server(), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def close() -> None:
    """End what was started."""
    for cached in (postgres_server, _template, _valkey, _cluster):
        cached.cache_clear()
    while _removals:
        _removals.pop()()


@cache
def _template() -> str:
    """A migrated database that others are copied from."""
    url = _created("template0")
    schema.upgrade(url)
    name = _used.pop()
    if os.environ.get("REVENUER_TEST_POSTGRES"):
        _removals.append(lambda: _drop(name))
    return name


def _drop(name: str) -> None:
    with suppress(pg8000.dbapi.Error, OSError):
        execute(postgres_server(), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _created(template: str) -> str:
    name = f"revenuer_test_{os.getpid()}_{next(_numbers)}"
    execute(postgres_server(), f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _used.append(name)
    return make_url(postgres_server()).set(database=name).render_as_string(hide_password=False)


@cache
def _valkey() -> str:
    given = os.environ.get("REVENUER_TEST_REDIS")
    if given:
        return given
    server = Valkey()
    _removals.append(server.remove)
    server.start()
    return server.url()


@cache
def _cluster() -> Cluster:
    found = Cluster(3)
    _removals.append(found.remove)
    found.start()
    return found
