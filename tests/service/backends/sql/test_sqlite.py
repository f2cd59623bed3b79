"""What SQLite does by itself in no case."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from service.backends.sql.dialect import connect, writing

if TYPE_CHECKING:
    from pathlib import Path


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
