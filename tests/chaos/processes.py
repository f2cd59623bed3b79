"""The system under test: an installation in a folder, its processes, and their violent ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service import app
from service.bootstrap.stores import upgrade
from service.settings import Settings
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 180.0
"""Seconds for a process to become ready, on a machine that others use too."""


def listening(port: int) -> bool:
    """Whether somebody answers there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def settings_for(folder: Path, upstream: int) -> Settings:
    """Small segments, so that many are rolled and released; all of them kept, for the undisturbed run."""
    tree: dict[str, Any] = {
        "listen": f"127.0.0.1:{free_port()}",
        "control": f"127.0.0.1:{free_port()}",
        "data": str(folder),
        "upstream": f"http://127.0.0.1:{upstream}",
        "content": "full",
        "log": {"failure_mode": "closed", "wait": 1.0, "segment_bytes": 64 * 1024, "retain": 86_400.0},
        "scoring": {"learn": False},
    }
    return Settings.model_validate(tree)


@dataclass(slots=True)
class Processes:
    """Gateway, worker and upstream; ``variant`` names a weakness of ``weak``, empty for the product as it is."""

    folder: Path
    variant: str = ""
    settings: Settings = field(init=False)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _upstream: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.settings = settings_for(self.folder / "data", self._upstream)

    @property
    def port(self) -> int:
        """The data port."""
        return int(self.settings.listen.rpartition(":")[2])

    def begin(self) -> None:
        """Start everything and wait until it serves."""
        app.prepare(self.settings)
        upgrade(self.settings)
        self._spawn("upstream", [sys.executable, "-m", "tests.chaos.upstream", str(self._upstream)], os.environ)
        self._until("upstream", lambda: listening(self._upstream))
        for role in ("worker", "gateway"):
            self.start(role)
        self._until("gateway", lambda: listening(self.port))

    def start(self, role: str) -> None:
        """Start a role's process."""
        command = app.command(role)
        if self.variant:
            command = [sys.executable, "-m", "tests.chaos.weak", self.variant, role]
        self._spawn(role, command, app.environment(self.settings))

    def kill(self, role: str) -> None:
        """Kill -9."""
        self._running[role].kill()
        self._running[role].wait()

    def stop(self, role: str) -> int:
        """Ask it to stop; its exit status."""
        self._running[role].terminate()
        return self._running[role].wait(PATIENCE)

    def end(self) -> None:
        """Leave nothing behind."""
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def _spawn(self, name: str, command: list[str], environment: Any) -> None:
        with (self.folder / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def _until(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if self._running[name].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the {name} does not start; see {self.folder / f'{name}.log'}")
            time.sleep(0.05)
