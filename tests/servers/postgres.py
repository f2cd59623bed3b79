"""A Postgres of one's own."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

import pg8000.dbapi
from sqlalchemy.engine import make_url

from tests.ports import free_port
from tests.servers import binaries
from tests.servers.process import ServerError, ServerProcess, runnable, unprivileged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

USER = "revenuer"


class Postgres:
    """A server in a folder of its own, with a password, on loopback; the same folder and port at every start.

    Parameters
    ----------
    options
        Settings as in ``("fsync=off",)``, in force from the next start.

    """

    def __init__(self, *, options: Sequence[str] = ()) -> None:
        self.options = list(options)
        self.port = free_port()
        self.password = secrets.token_urlsafe(12)
        self._programs = runnable(binaries.postgres() / "postgres").parent
        self._process = ServerProcess("postgres")
        self._data = self._process.folder / "data"
        self._make()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def url(self, database: str = "postgres") -> str:
        """URL of one of its databases."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Of its first process."""
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command: list[str | Path] = [
            self._programs / "postgres",
            *("-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), "-k", self._process.folder),
        ]
        for option in self.options:
            command += ["-c", option]
        self._process.start(command, self._ready)

    def stop(self) -> None:
        """End it as an administrator does who does not wait for clients."""
        self._process.stop(signal.SIGINT)

    def kill9(self) -> None:
        """Kill -9 of all its processes."""
        self._process.kill()

    def pause(self) -> None:
        """Let it stand still with its connections open."""
        self._process.pause()

    def go_on(self) -> None:
        """End a pause."""
        self._process.go_on()

    def restart(self) -> None:
        """Stop and start on the same folder."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """End it and delete its data."""
        self._process.remove()

    def execute(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Run statements outside of a transaction; the rows of the last."""
        return execute(self.url(database), *statements)

    def _ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except (pg8000.dbapi.Error, OSError):
            return False
        return True

    def _make(self) -> None:
        secret = self._process.folder / "password"
        secret.touch(0o600)
        secret.write_text(self.password)
        owner = self._process.folder.stat()
        os.chown(secret, owner.st_uid, owner.st_gid)
        made = subprocess.run(
            [
                self._programs / "initdb",
                *("-D", self._data, "-U", USER, "--auth=scram-sha-256", "--pwfile", secret),
                *("--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            cwd=self._process.folder, check=False, capture_output=True, text=True, **unprivileged(self._process.folder),
        )  # fmt: skip
        secret.unlink()
        if made.returncode:
            raise ServerError(f"initdb failed: {made.stderr[-1500:]}")


def execute(url: str, *statements: str) -> list[Any]:
    """Run statements on a database of any server, each in its own transaction; the rows of the last."""
    at = make_url(url)
    with closing(
        pg8000.dbapi.connect(
            user=at.username, password=at.password, host=at.host, port=at.port or 5432, database=at.database, timeout=10
        )
    ) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
