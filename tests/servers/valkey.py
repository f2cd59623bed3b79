"""A Valkey or Redis of one's own, single or as a cluster."""

from __future__ import annotations

import secrets
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

from redis import Redis
from redis.exceptions import RedisError

from tests.ports import free_port
from tests.servers import binaries
from tests.servers.process import PATIENCE, ServerError, ServerProcess, runnable

if TYPE_CHECKING:
    from collections.abc import Sequence

SLOTS = 16_384


class Valkey:
    """A server in a folder of its own, with a password, on loopback, set up as production should be:
    append-only file synced every second, nothing evicted.

    Parameters
    ----------
    options
        Settings as in ``("maxmemory", "64mb")``, in force from the next start; the last of a name counts.
    clustered
        A node that a :class:`Cluster` joins with others.

    """

    def __init__(self, *, options: Sequence[str] = (), clustered: bool = False, password: str = "") -> None:
        self.options = list(options)
        self.port = free_port()
        self.bus_port = free_port()
        self.password = password or secrets.token_urlsafe(12)
        self._clustered = clustered
        self._program = runnable(binaries.valkey())
        self._process = ServerProcess("valkey")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def url(self, database: int = 0) -> str:
        """URL of one of its databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Of its first process."""
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it has loaded its data."""
        given = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self._process.folder),
            "requirepass": self.password,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        if self._clustered:
            given |= {"cluster-enabled": "yes", "cluster-port": str(self.bus_port), "cluster-node-timeout": "2000"}
        given |= dict(zip(self.options[::2], self.options[1::2], strict=True))
        command = [str(self._program)]
        for name, value in given.items():
            command += [f"--{name}", value]
        self._process.start(command, self._ready)

    def stop(self) -> None:
        """End it in good order."""
        self._process.stop(signal.SIGTERM)

    def kill9(self) -> None:
        """Kill -9."""
        self._process.kill()

    def pause(self) -> None:
        """Let it stand still with its connections open."""
        self._process.pause()

    def go_on(self) -> None:
        """End a pause."""
        self._process.go_on()

    def restart(self) -> None:
        """Stop and start on the same data."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Kill it, delete its data, and start it empty."""
        self.kill9()
        self._process.empty()
        self.start()

    def flush(self) -> None:
        """Delete every key while it runs."""
        self.call("FLUSHALL")

    def remove(self) -> None:
        """End it and delete its data."""
        self._process.remove()

    def call(self, *command: str | int) -> Any:
        """The answer to one command."""
        with closing(self._client()) as client:
            return client.execute_command(*command)  # type: ignore[no-untyped-call]

    def _client(self) -> Redis:
        return Redis(port=self.port, password=self.password, socket_timeout=5, decode_responses=True)

    def _ready(self) -> bool:
        try:
            with closing(self._client()) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False


class Cluster:
    """Nodes that share out the slots evenly, without replicas."""

    def __init__(self, nodes: int = 3, *, options: Sequence[str] = ()) -> None:
        password = secrets.token_urlsafe(12)
        self.nodes = [Valkey(options=options, clustered=True, password=password) for _ in range(nodes)]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def url(self) -> str:
        """URL of one node; a client finds the others."""
        return self.nodes[0].url()

    def start(self) -> None:
        """Start every node and join them."""
        for node in self.nodes:
            node.start()
        for i, node in enumerate(self.nodes):
            first, beyond = (SLOTS * n // len(self.nodes) for n in (i, i + 1))
            node.call("CLUSTER", "ADDSLOTSRANGE", first, beyond - 1)
            # An epoch of its own from the start, so that no time goes by until they agree on one.
            node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            node.call("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, self.nodes[0].bus_port)
        self.wait()

    def wait(self) -> None:
        """Until every node sees every slot served."""
        deadline = time.monotonic() + PATIENCE
        while not all(self._whole(node) for node in self.nodes):
            if time.monotonic() > deadline:
                raise ServerError("the cluster's nodes did not find each other")
            time.sleep(0.05)

    def flush(self) -> None:
        """Delete every key while it runs."""
        for node in self.nodes:
            node.flush()

    def wipe(self, index: int) -> None:
        """Kill one node and start it without its keys, as a member that it was."""
        node = self.nodes[index]
        node.flush()
        node.kill9()
        node.start()
        self.wait()

    def remove(self) -> None:
        """End them and delete their data."""
        for node in self.nodes:
            node.remove()

    def _whole(self, node: Valkey) -> bool:
        info = node.call("CLUSTER", "INFO")
        if isinstance(info, str):
            info = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
        return info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == len(self.nodes)


def cluster(nodes: int = 3, *, options: Sequence[str] = ()) -> Cluster:
    """A cluster that is not started yet; ``with cluster(3) as it`` starts and removes it."""
    return Cluster(nodes, options=options)
