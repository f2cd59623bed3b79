"""Narrow rows: what an event costs on the disk, its indexes and its share of everything included."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from service.backends.sql.checkpoint import SqlCheckpoint
from service.ports import Commit
from tests.contracts.factories import a_query, an_event

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.model.query import QueryEvent

EVENTS = 10_000
NARROW = {"sqlite": 300, "postgres": 500}
"""Bytes of an event without text. Postgres keeps more with each row and each entry of its five indexes."""


def test_an_event_without_text_is_narrow(engine: Engine, kind: str, tmp_path: Path) -> None:
    """2,000 accounts with end users, models and clients of the usual spread, in the order that traffic has."""
    checkpoint = SqlCheckpoint(engine, keep="none")
    dice = random.Random(7)
    empty = _size(engine, tmp_path)
    for first in range(0, EVENTS, 1_000):
        checkpoint.commit(Commit(events=[_any_event(dice, number) for number in range(first, first + 1_000)]))
    assert (_size(engine, tmp_path) - empty) / EVENTS <= NARROW[kind]


def _any_event(dice: random.Random, number: int) -> QueryEvent:
    account = dice.randrange(2_000)
    event = an_event(number)
    return replace(
        event,
        done=event.done + dice.randrange(60_000_000),
        account=f"k:{account * 7919:032x}",
        org=f"org-{account % 50}",
        end_user=f"user-{account}-{dice.randrange(5)}" if account % 2 else "",
        ip_prefix=f"203.0.{account % 200}.0/24",
        query=a_query(model=dice.choice(["small-1", "large-1", "embed-1"])),
        headers={"user-agent": f"OpenAI/Python 3.{account % 9}.0", "x-stainless-retry-count": str(account % 2)},
        ttft=dice.randrange(5_000_000),
        request_bytes=dice.randrange(20_000),
        response_bytes=dice.randrange(20_000),
    )


def _size(engine: Engine, folder: Path) -> int:
    """Bytes of the database, SQLite's write-ahead log folded in."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    engine.dispose()
    path = folder / "revenuer.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size
