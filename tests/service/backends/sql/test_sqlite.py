"""What SQLite does by itself in no case."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError

from service.backends.sql.dialect import connect, writing

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine


def test_a_new_file_that_another_process_writes_is_waited_for(tmp_path: Path) -> None:
    """The change to a write-ahead log is tried again, which SQLite's own waiting leaves out."""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE t (a)")
    release = threading.Timer(0.2, other.execute, ["COMMIT"])
    release.start()
    engine = connect(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
    release.join()
    other.close()
    engine.dispose()


def test_a_further_connection_leaves_the_locks_alone(tmp_path: Path) -> None:
    """What one locked stays locked when the process makes another, else others take the log from under it."""
    url = f"sqlite:///{tmp_path / 'held.db'}"
    engine, further = connect(url), connect(url)
    with writing(engine).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")
        with further.connect() as other:
            assert other.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
        code = f"import sqlite3; sqlite3.connect({str(tmp_path / 'held.db')!r}, timeout=0).execute('BEGIN IMMEDIATE')"
        tried = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "database is locked" in tried.stderr
    engine.dispose()
    further.dispose()


HOG = """
import sys, time
from service.backends.sql.dialect import connect, writing
engine = writing(connect(sys.argv[1]))
while True:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        print("writes", flush=True)
        time.sleep(0.05)
"""
"""Writes without pause, as a worker that catches up does: its lock is free for less than a hundredth of the time."""


@pytest.mark.xdist_group("processes")
def test_who_writes_all_the_time_lets_others_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty writes beside such a worker each get their turn; by SQLite's own waiting most of them give up."""
    monkeypatch.setattr("service.backends.sql.sqlite.BUSY", 1_000)
    url = f"sqlite:///{tmp_path / 'busy.db'}"
    engine = connect(url)
    with writing(engine).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")
    with subprocess.Popen([sys.executable, "-c", HOG, url], stdout=subprocess.PIPE) as hog:
        try:
            assert hog.stdout is not None
            assert hog.stdout.readline() == b"writes\n"
            refused = sum(not _writes(engine) for _ in range(50))
        finally:
            hog.kill()
    assert refused == 0
    engine.dispose()


def _writes(engine: Engine) -> bool:
    try:
        with writing(engine).begin() as connection:
            connection.exec_driver_sql("INSERT INTO t VALUES (2)")
    except OperationalError:
        return False
    return True
