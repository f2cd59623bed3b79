"""What the SQLite store does when its disk is full, another holds it, or it is killed: all of a commit or nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from service.backends.sql import schema
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from service.backends.sql.records import SqlRecords
from service.ports import Commit, StoreUnavailable, TrailEntry
from tests.contracts.databases import sqlite
from tests.contracts.factories import AN_ACCOUNT, T0, a_flag, a_state, an_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The database's file."""
    return tmp_path / "revenuer.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    """An empty store."""
    engine = connect(sqlite(path.parent))
    yield engine
    engine.dispose()


def a_commit(number: int, events: int = 50) -> Commit:
    """The ``number``-th batch, everything in it naming the number."""
    batch = [an_event(number * events + n, account=f"acct-{number}") for n in range(events)]
    return Commit(
        positions={"a": number},
        logged={"a": number},
        events=batch,
        entities={AN_ACCOUNT: a_state(queries=number, states=number.to_bytes(4, "big") * 2048)},
        trail={event.id: TrailEntry(event.account, event.done) for event in batch},
        flags=[a_flag(number)],
        meta={"number": str(number).encode()},
    )


def test_a_full_disk_takes_nothing_and_heals(engine: Engine) -> None:
    """The commit that does not fit leaves no trace; with room again the very same one is taken."""
    checkpoint, records = SqlCheckpoint(engine), SqlRecords(engine)
    checkpoint.commit(a_commit(1))
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    before = dict(records.counts())
    with pytest.raises(StoreUnavailable, match=r"full.*make room"):
        checkpoint.commit(a_commit(2))
    assert records.counts() == before
    assert checkpoint.resume().positions == {"a": 1}
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
    checkpoint.commit(a_commit(2))
    assert checkpoint.resume().positions == {"a": 2}
    assert [event.account for event in records.export()] == ["acct-1"] * 50 + ["acct-2"] * 50


@pytest.mark.usefixtures("engine")
def test_a_locked_database_is_unavailable_not_broken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another holds the write lock nothing is stored, reads go on, and afterwards all is well."""
    monkeypatch.setattr("service.backends.sql.sqlite.BUSY", 50)
    hasty = connect(f"sqlite:///{path}")
    checkpoint = SqlCheckpoint(hasty)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match=r"locked.*another process"):
            checkpoint.commit(a_commit(1))
        assert checkpoint.resume().positions == {}
        other.execute("ROLLBACK")
    checkpoint.commit(a_commit(1))
    assert checkpoint.resume().positions == {"a": 1}
    hasty.dispose()


def test_an_error_shows_no_text(engine: Engine, path: Path) -> None:
    """The commit that failed held a prompt; what is raised does not."""
    engine.dispose()
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(StoreUnavailable) as caught:
        SqlCheckpoint(engine, keep="full").commit(Commit(events=[an_event(request={"prompt": "canary-7f3a"})]))
    assert "not a database" in str(caught.value)
    assert "backup" in str(caught.value)
    assert "canary" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_a_missing_folder_is_told_in_one_line(tmp_path: Path) -> None:
    """Opening makes nothing; asking says what is wrong."""
    engine = connect(f"sqlite:///{tmp_path / 'nowhere' / 'revenuer.db'}")
    assert not list(tmp_path.iterdir())
    message = SqlRecords(engine).ready()
    assert message is not None
    assert "unable to open database file" in message
    engine.dispose()


def test_only_the_owner_reads_the_files(tmp_path: Path) -> None:
    """The database and its log hold texts; SQLite of itself would let all users read them."""
    url = f"sqlite:///{tmp_path / 'revenuer.db'}"
    schema.upgrade(url)
    engine = connect(url)
    SqlCheckpoint(engine).commit(a_commit(1))
    modes = {file.name: file.stat().st_mode & 0o077 for file in tmp_path.iterdir()}
    assert modes == {"revenuer.db": 0, "revenuer.db-wal": 0, "revenuer.db-shm": 0}
    engine.dispose()


WRITER = """
import sys
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from tests.service.backends.sql.test_faults import a_commit
checkpoint = SqlCheckpoint(connect(sys.argv[1]))
number = checkpoint.resume().positions.get("a", 0)
while True:
    number += 1
    checkpoint.commit(a_commit(number))
    print(number, flush=True)
"""


@pytest.mark.xdist_group("processes")
def test_kill_in_the_middle_of_commits_leaves_whole_ones(engine: Engine, path: Path) -> None:
    """Whatever was told done is there; the last commit is there whole or not at all; four kills, one database."""
    told = 0
    for kill in range(4):
        told = _write_and_kill(f"sqlite:///{path}", commits=3 + kill) or told
        checkpoint, records = SqlCheckpoint(engine), SqlRecords(engine)
        resume = checkpoint.resume()
        number = resume.positions["a"]
        assert number in {told, told + 1}
        assert resume.meta["number"] == str(number).encode()
        assert checkpoint.entities([AN_ACCOUNT])[AN_ACCOUNT] == a_commit(number).entities[AN_ACCOUNT]
        counts = records.counts()
        assert (counts["events"], counts["trail"], counts["flags"]) == (50 * number, 50 * number, number)
        assert sum(1 for _ in records.export()) == 50 * number
        told = number


def _write_and_kill(url: str, *, commits: int) -> int:
    """The last commit that the writer told done before it was killed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True, env=environment
    ) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(commits)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
    return int([line for line in lines if line.endswith("\n")][-1])


def test_a_commit_after_the_schema_is_gone_says_so(engine: Engine, path: Path) -> None:
    """Nothing is made up: the worker hears that the store cannot take it."""
    schema.downgrade(f"sqlite:///{path}", "base")
    with pytest.raises(StoreUnavailable, match=r"no such table.*restart the worker"):
        SqlCheckpoint(engine).commit(Commit(events=[an_event(done=T0)]))
