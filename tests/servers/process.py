"""A server's process and folder: never as root, in a folder of mode 0700, on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATIENCE = 120.0
"""Seconds that a start may take: a recovery after kill -9 on a loaded machine takes a few."""


class ServerError(Exception):
    """The server did not start; the message ends with its own last words."""


class ServerProcess:
    """One program in one folder, which outlives the process until :meth:`remove`."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"revenuer-{name}-"))
        self._log = self.folder.with_name(f"{self.folder.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody")

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        if self._process is None:
            raise ServerError("it was not started")
        return self._process.pid

    def start(self, command: Sequence[str | Path], ready: Callable[[], bool]) -> None:
        """Run it until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                **unprivileged(self.folder),
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if not self.running or time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"'{Path(command[0]).name}' did not start: {self.last_words()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals) -> None:
        """Ask it to end, and wait until it has."""
        if self._process is not None and self.running:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill -9 of it and of every process it started."""
        if self._process is None or not self.running:
            return
        # Stopped first, so that it starts no more while they are listed; they lead sessions of their own.
        self._process.send_signal(signal.SIGSTOP)
        for child in [self._process.pid, *_children(self._process.pid)]:
            os.kill(child, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def pause(self) -> None:
        """Let it and what it started stand still, connections open."""
        for pid in [self.pid, *_children(self.pid)]:
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """End :meth:`pause`."""
        for pid in [*_children(self.pid), self.pid]:
            os.kill(pid, signal.SIGCONT)

    def last_words(self) -> str:
        """The end of what it logged."""
        return self._log.read_text(errors="replace")[-1500:] if self._log.exists() else ""

    def empty(self) -> None:
        """Delete its data; only while it does not run."""
        for entry in self.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def remove(self) -> None:
        """Kill it where it runs, and delete its folder and log."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._log.unlink(missing_ok=True)


def unprivileged(home: Path) -> dict[str, Any]:
    """How a process is started so that it is not root's."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C"}
    if os.getuid() != 0:
        return {"env": environment}
    return {"env": environment, "user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}


@cache
def runnable(program: Path) -> Path:
    """The program, or a copy of its installation where the unprivileged user cannot reach it (as below /root)."""
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, **unprivileged(Path("/")))
    except PermissionError:
        installation = program.parent.parent
        copied = Path(tempfile.gettempdir()) / f"revenuer-servers-{os.getpid()}" / installation.name
        shutil.copytree(installation, copied, dirs_exist_ok=True)
        copied.parent.chmod(0o755)
        return copied / program.relative_to(installation)
    return program


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # not Linux: they end by themselves once their parent is gone
        return []
