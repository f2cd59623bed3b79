"""A whole installation as a stranger starts it: ``revenuer serve`` on free ports and a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from service.api.tokens import first_file
from service.settings import Settings
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60.0
"""Seconds for something to come about before the test fails; nothing is asserted on how long it took."""


def until(condition: Any, what: str, patience: float = PATIENCE) -> Any:
    """The first true answer of ``condition``; fails with ``what`` when none comes."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"did not come about within {patience:.0f} s: {what}")


def listening(port: int) -> bool:
    """Whether somebody answers there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


@dataclass
class System:
    """``with System(folder, upstream=...) as system: ...``"""

    data: Path
    upstream: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """More settings, written to the YAML file."""
    listen: int = field(default_factory=free_port)
    control: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.tree))
        self.output = (self.data / "output.log").open("ab")
        self.process = subprocess.Popen(
            [*self.command, "serve"],
            env=self.environment,
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,
        )
        try:
            until(self._ready, f"revenuer serves; see {self.data / 'output.log'}")
            # Of the first start; to make another takes a second of the processor.
            self.token = first_file(self.settings).read_text().strip()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def tree(self) -> dict[str, Any]:
        """The settings as YAML takes them; JSON is YAML."""
        return {
            "listen": f"127.0.0.1:{self.listen}",
            "control": f"127.0.0.1:{self.control}",
            "data": str(self.data),
            **({"upstream": self.upstream} if self.upstream else {}),
            **self.options,
        }

    @property
    def file(self) -> Path:
        """The YAML file."""
        return self.data / "settings.yaml"

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return Settings.model_validate(self.tree)

    @property
    def command(self) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "service.cli"]

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of revenuer's but the file."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REVENUER_")}
        return {**kept, "REVENUER_CONFIG": str(self.file), "PYTHONWARNINGS": "default"}

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Standard output of a command; fails with its errors when it fails."""
        done = subprocess.run(
            [*self.command, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            input=stdin,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str) -> Any:
        """A document of the control port."""
        return json.loads(self.text(path))

    def text(self, path: str) -> str:
        """A page of the control port."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.control}{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - always http
            return str(answer.read().decode())

    def stop(self) -> int:
        """Ask it to stop and wait; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.output.close()

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(
                f"revenuer ended with {self.process.returncode}: {(self.data / 'output.log').read_text()}"
            )
        return listening(self.listen) and listening(self.control)
