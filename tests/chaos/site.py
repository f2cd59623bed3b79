"""The distributed system under test, as processes: stores, gateways with their shippers, workers, and an upstream.

The stores are reached through fault proxies, but for a cluster's nodes, which tell their clients their own ports.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from service import app
from service.bootstrap.stores import secrets, stores, upgrade
from service.settings import Settings
from tests.chaos.faultproxy import FaultProxy
from tests.chaos.processes import PATIENCE, listening
from tests.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.valkey import Cluster, Valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from service.bootstrap.stores import Stores

PARTITIONS = 4


@dataclass(slots=True)
class Down:
    """A gateway that was killed, from when until when it answered again; monotonic seconds."""

    port: int
    since: float
    until: float = float("inf")


@dataclass(slots=True)
class Site:
    """``with Site(folder) as site: ...`` is a system that serves."""

    folder: Path
    clustered: bool = False
    gateways: int = 2
    workers: int = 2
    variant: str = ""
    """Of ``weak``, for every role; empty for the product as it is."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of ``versions``, by the name of a process; the product as it is where none is named."""
    downs: list[Down] = field(default_factory=list)
    postgres: Postgres = field(default_factory=Postgres)
    nodes: list[Valkey] = field(init=False)
    database: FaultProxy = field(init=False)
    stream: FaultProxy = field(init=False)
    store: Stores = field(init=False)
    """Seen past the fault proxies."""
    _cluster: Cluster | None = field(init=False, default=None)
    _stack: ExitStack = field(default_factory=ExitStack)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ports: list[int] = field(default_factory=list)
    _upstream: int = field(default_factory=free_port)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self._end)
            stack.enter_context(self.postgres)
            if self.clustered:
                self._cluster = stack.enter_context(Cluster(3))
                self.nodes = self._cluster.nodes
            else:
                self.nodes = [stack.enter_context(Valkey())]
            self.database = stack.enter_context(FaultProxy(self.postgres.port))
            self.stream = stack.enter_context(FaultProxy(self.nodes[0].port))
            self._begin()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _begin(self) -> None:
        self._ports += [free_port() for _ in range(self.gateways)]
        plain = self.settings("watcher", proxied=False)
        upgrade(plain)
        secrets(plain)
        self.store = stores(plain)
        self.store.partitions.ensure(PARTITIONS)
        self._spawn("upstream", [sys.executable, "-m", "tests.chaos.upstream", str(self._upstream)], os.environ)
        for name in self.roles:
            self.start(name)
        self.until(lambda: all(map(listening, [self._upstream, *self._ports])), "the gateways answer")

    @property
    def roles(self) -> list[str]:
        """Names of what runs: ``worker-0``, ``gateway-1`` and so on."""
        hosts = [f"{role}-{n}" for n in range(self.gateways) for role in ("shipper", "gateway")]
        return [*(f"worker-{n}" for n in range(self.workers)), *hosts]

    @property
    def ports(self) -> list[int]:
        """Data ports."""
        return self._ports

    def settings(self, name: str, *, proxied: bool = True) -> Settings:
        """Of a process; a gateway and its shipper are one host."""
        role, _, number = name.partition("-")
        host = f"host-{number}" if role in {"gateway", "shipper"} else name
        port = self._ports[int(number)] if role == "gateway" else free_port()
        database, stream = self.postgres.url(), self.nodes[0].url()
        if proxied:
            database = database.replace(f":{self.postgres.port}/", f":{self.database.port}/")
            if not self.clustered:
                stream = stream.replace(f":{self.nodes[0].port}/", f":{self.stream.port}/")
        tree: dict[str, Any] = {
            "listen": f"127.0.0.1:{port}",
            "data": str(self.folder / host),
            "secrets": str(self.folder / "secrets"),
            "upstream": f"http://127.0.0.1:{self._upstream}",
            "database": database,
            "stream": stream,
            "partitions": PARTITIONS,
            "content": "full",
            # All that was logged is kept, for the undisturbed run; the weak variants delete it.
            "log": {"failure_mode": "closed", "wait": 1.0, "segment_bytes": 64 * 1024, "retain": 86_400.0},
            "scoring": {"learn": False},
        }
        return Settings.model_validate(tree)

    # Processes

    def start(self, name: str, *, under: Sequence[str] = ()) -> None:
        """Start a role's process, ``under`` a command that starts it."""
        settings = self.settings(name)
        app.prepare(settings)
        role = name.partition("-")[0]
        command = app.command(role)
        if self.variant:
            command = [sys.executable, "-m", "tests.chaos.weak", self.variant, role]
        if name in self.versions:
            command = [sys.executable, "-m", "tests.chaos.versions", self.versions[name], role]
        self._spawn(name, [*under, *command], app.environment(settings))

    def kill(self, name: str) -> None:
        """Kill -9."""
        if name.startswith("gateway"):
            self.downs.append(Down(self._port(name), time.monotonic()))
        self._running[name].kill()
        self._running[name].wait()

    def back(self, name: str, *, under: Sequence[str] = ()) -> None:
        """Start again what was killed; a gateway is waited for."""
        self.start(name, under=under)
        if name.startswith("gateway"):
            port = self._port(name)
            self.until(lambda: listening(port), f"{name} answers again")
            for down in self.downs:
                if down.port == port:
                    down.until = min(down.until, time.monotonic())

    def stop(self, name: str) -> int:
        """Ask it to stop; its exit status."""
        if name.startswith("gateway"):
            self.downs.append(Down(self._port(name), time.monotonic()))
        self._running[name].terminate()
        return self._running[name].wait(PATIENCE)

    def pause(self, name: str) -> None:
        """SIGSTOP."""
        self._running[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """SIGCONT."""
        self._running[name].send_signal(signal.SIGCONT)

    def pid(self, name: str) -> int:
        """Of a running role."""
        return self._running[name].pid

    def ended(self, name: str, patience: float = PATIENCE) -> int:
        """Exit status of a process that ends by itself."""
        return self._running[name].wait(patience)

    def rows(self) -> int:
        """Queries in the log. Raises StoreUnavailable."""
        return self.store.records.counts()["events"]

    def log_of(self, name: str) -> Path:
        """What it printed."""
        return self.folder / f"{name}.log"

    def settle(self) -> None:
        """Wait until a cluster's nodes see each other again, after the return of one."""
        if self._cluster is not None:
            self._cluster.wait()

    def until(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Wait for something to come about.

        Raises
        ------
        RuntimeError
            It did not.

        """
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"did not come about within {patience:.0f} s: {what}; see {self.folder}")
            time.sleep(0.05)

    def _port(self, name: str) -> int:
        return self._ports[int(name.partition("-")[2])]

    def _spawn(self, name: str, command: list[str], environment: Any) -> None:
        with self.log_of(name).open("ab") as output:
            self._running[name] = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def _end(self) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
            process.wait()
        if hasattr(self, "store"):
            self.store.close()
