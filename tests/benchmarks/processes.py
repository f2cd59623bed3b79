"""Processes under measurement: started on one CPU, and what /proc says they used."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


ALL = frozenset(os.sched_getaffinity(0))
TARGET, LOAD = {min(ALL)}, {max(ALL)}
"""The CPU of what is measured, and that of the load and the upstream; one and the same on a machine with one."""


def tree(pid: int) -> list[int]:
    """The process and all its descendants that live."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found.extend(map(int, (task / "children").read_text().split()))
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time that the processes have used."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(after_name[11]) + int(after_name[12])
    return total / TICK


def resident(pid: int) -> int:
    """Bytes of the process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


@dataclass(frozen=True, slots=True)
class Running:
    """A process group that was started here."""

    process: subprocess.Popen[bytes]

    @property
    def pids(self) -> list[int]:
        """All its processes now."""
        return tree(self.process.pid)


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    cpu: set[int] | None,
    output: Path,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
    patience: float = 120.0,
) -> Iterator[Running]:
    """Run a command while the block runs, on the given CPUs, and wait until ``port`` accepts.

    Raises
    ------
    RuntimeError
        It ended or kept silent before the port was open; the message ends with what it printed.

    """
    with output.open("wb") as sink, pinned(cpu):
        process = subprocess.Popen(
            command,
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        if port:
            _wait(process, port, patience, output)
        yield Running(process)
    finally:
        _stop(process)


@contextlib.contextmanager
def pinned(cpu: set[int] | None) -> Iterator[None]:
    """Keep this process on the CPUs, so that what it starts in the block is there from its first thread on."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpu or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _wait(process: subprocess.Popen[bytes], port: int, patience: float, output: Path) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    tail = output.read_text(errors="replace")[-1000:]
    raise RuntimeError(f"'{' '.join(process.args[:4])} ...' does not listen on port {port}; it said:\n{tail}")  # type: ignore[index,arg-type]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: first asked, then made to."""
    for ask, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, ask)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def python_module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module of this repository with this interpreter."""
    return [sys.executable, "-m", name, *arguments]
