"""What SQLite does by itself in no case."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from service.backends.sql.dialect import connect

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
