"""The roles of one installation, each started as on a host of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from service.gateway.identity import digest
from service.secrets import Secrets
from service.settings import Settings
from tests.e2e.system import PATIENCE, listening, until
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Host:
    """``revenuer serve --role ...`` with a data folder of its own."""

    role: str
    data: Path
    options: dict[str, Any]
    metrics: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of revenuer's but the file, under which warnings are seen."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REVENUER_")}
        return {**kept, "REVENUER_CONFIG": str(self.data / "settings.yaml"), "PYTHONWARNINGS": "default"}

    @property
    def output(self) -> Path:
        """What it says."""
        return self.data / "output.log"

    def start(self) -> None:
        """Start it; whoever needs it to answer waits for that."""
        self.data.mkdir(parents=True, exist_ok=True)
        tree = {**self.options, "data": str(self.data), "metrics": f"127.0.0.1:{self.metrics}"}
        # JSON is YAML.
        (self.data / "settings.yaml").write_text(json.dumps(tree))
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "serve", "--role", self.role],
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def stop(self) -> int:
        """Ask it to stop and wait; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the command line under this host's settings."""
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page of its metrics port; 0 where nobody answers."""
        return answer(urllib.request.Request(f"http://127.0.0.1:{self.metrics}{path}"))


class Installation:
    """A control plane, a gateway and two workers, on these stores and in front of this upstream."""

    def __init__(self, folder: Path, *, database: str, stream: str, upstream: str) -> None:
        self.listen, self.control_port = free_port(), free_port()
        secrets = folder / "secrets"
        Secrets.load(secrets, create=True)
        shared = {
            "database": database,
            "stream": stream,
            "secrets": str(secrets),
            "partitions": 4,
            "listen": f"127.0.0.1:{self.listen}",
            "control": f"127.0.0.1:{self.control_port}",
            "upstream": upstream,
        }
        self.control = Host("control", folder / "control", shared)
        self.gateway = Host("gateway", folder / "gateway", shared)
        self.workers = [Host("worker", folder / f"worker-{n}", shared) for n in range(2)]
        self.token = ""
        self.answered = 0
        """Queries that got an answer, a refusal too: as many belong into the log."""

    @property
    def hosts(self) -> list[Host]:
        """All of them, in the order in which they end without work left over."""
        return [self.gateway, *self.workers, self.control]

    @property
    def settings(self) -> Settings:
        """The control plane's."""
        return Settings.model_validate({**self.control.options, "data": self.control.data})

    def __enter__(self) -> Self:
        for host in self.hosts:
            host.start()
        until(lambda: listening(self.control_port), f"the control plane answers; see {self.control.output}")
        until(lambda: listening(self.listen), f"the gateway answers; see {self.gateway.output}")
        self.token = self.control.run("token", "create", "--role", "admin").stdout.strip()
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts:
            if host.process is not None and host.process.poll() is None:
                host.process.send_signal(signal.SIGTERM)
        for host in self.hosts:
            if host.process is not None:
                try:
                    host.process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    os.killpg(host.process.pid, signal.SIGKILL)

    def ask(self, key: str, text: str = "hello") -> int:
        """The status of one chat query."""
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.listen}/v1/chat/completions",
            data=body,
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        status, _ = answer(request)
        self.answered += status > 0
        return status

    def account(self, key: str) -> str:
        """What a caller without a name is called."""
        return f"key-{digest(Secrets.load(self.settings.secrets_folder).pepper, key.encode())}"

    def api(self, path: str, document: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and document of the control API; a document that is given is posted."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.control_port}{path}",
            data=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        status, text = answer(request)
        return status, json.loads(text) if text.startswith("{") else {}


def answer(request: urllib.request.Request) -> tuple[int, str]:
    """Status and body, of a refusal too; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(request, timeout=20) as found:  # noqa: S310 - always http
            return int(found.status), found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""
