"""The way to Redis or Valkey: one server or a Cluster, found out at the first use.

Commands go out as batches, one pipeline a node, and each has its own outcome: a node that is down costs the
partitions in its slots and no others. What a resharding moves in between is sent again by the library, one command at
a time. Every script and command of this package may be sent twice, so a lost answer is no different from a refusal.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.retry import Retry

from service.ports import StreamUnavailable
from service.settings import without_password

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Command = tuple[Any, ...]
"""Name, key (or script, number of keys and key) and arguments, as they go over the wire."""

CONNECT_TIMEOUT = 1.0
ANSWER_TIMEOUT = 2.0
"""Seconds that a command is waited for. No script of ours takes a thousandth of that."""
REFRESH = 1.0
"""Seconds between looks at which node of a Cluster has which slots, while some do not answer."""


class Link:
    """A connection to the stream. May be used from several threads. Make it with :func:`connect`."""

    def __init__(self, url: str, *, timeout: float = ANSWER_TIMEOUT) -> None:
        self._url = url
        self._options: dict[str, Any] = {
            "protocol": 2,
            "socket_timeout": timeout,
            "socket_connect_timeout": min(CONNECT_TIMEOUT, timeout),
            "socket_keepalive": True,
            "retry": Retry(NoBackoff(), 0),
        }
        self._seed = redis.Redis.from_url(url, **self._options)
        # Untyped, because the library annotates its cluster client in part only.
        self._cluster: Any = None
        self._known = False
        self._refreshed = 0.0

    def one(self, *command: Any) -> Any:
        """The answer to one command.

        Raises
        ------
        StreamUnavailable
            It cannot be had now; the message says why and what to do.

        """
        (answer,) = self.run([command])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, commands: Sequence[Command]) -> list[Any]:
        """The answers in order of the commands; in the place of one that failed, a ``StreamUnavailable``."""
        if not commands:
            return []
        try:
            with reachable(self._url):
                self._meet()
        except StreamUnavailable as error:
            return [error] * len(commands)
        if self._cluster is None:
            return self._through(self._seed, commands)
        return self._spread(self._cluster, commands)

    def servers(self) -> list[redis.Redis]:
        """A client for the server, or for each primary of the Cluster; use it within :func:`reachable`.

        Raises
        ------
        StreamUnavailable
            Nothing can be reached.

        """
        with reachable(self._url):
            self._meet()
            if self._cluster is None:
                return [self._seed]
            return [self._cluster.get_redis_connection(node) for node in self._cluster.get_primaries()]

    @property
    def clustered(self) -> bool | None:
        """Whether it is a Cluster; None before the first answer."""
        return self._cluster is not None if self._known else None

    @property
    def address(self) -> str:
        """The URL as it may be shown."""
        return without_password(self._url)

    def close(self) -> None:
        """Close the connections."""
        self._seed.close()
        if self._cluster is not None:
            self._cluster.close()

    def _meet(self) -> None:
        if self._known:
            return
        if self._seed.info("cluster").get("cluster_enabled"):
            # Without full coverage, because a lost node must cost its own slots only.
            self._cluster = redis.RedisCluster.from_url(self._url, require_full_coverage=False, **self._options)
        self._known = True

    def _through(self, server: redis.Redis, commands: Sequence[Command]) -> list[Any]:
        """Their outcomes by one pipeline."""
        pipeline: Any = server.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            answers: list[Any] = pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            answers = [error] * len(commands)
        return [self._judged(answer) for answer in answers]

    def _judged(self, answer: Any) -> Any:
        return _unavailable(answer, self._url) if isinstance(answer, Exception) else answer

    # A Cluster

    def _spread(self, cluster: Any, commands: Sequence[Command]) -> list[Any]:
        answers: list[Any] = [None] * len(commands)
        for node, indices in self._by_node(cluster, commands, answers).items():
            server = cluster.get_redis_connection(cluster.get_node(node_name=node))
            taken = self._through(server, [commands[i] for i in indices])
            for i, answer in zip(indices, taken, strict=True):
                answers[i] = answer
        moved = [i for i, answer in enumerate(answers) if _is_moved(answer)]
        for i in moved:
            answers[i] = self._followed(cluster, commands[i])
        if any(isinstance(answer, StreamUnavailable) for answer in answers):
            self._look_around(cluster)
        return answers

    def _by_node(self, cluster: Any, commands: Sequence[Command], answers: list[Any]) -> dict[str, list[int]]:
        """Indices of the commands by the node that their key is on; slots of no node are answered here."""
        found: dict[str, list[int]] = defaultdict(list)
        for i, command in enumerate(commands):
            try:
                node = cluster.nodes_manager.get_node_from_slot(cluster.keyslot(_key(command)))
                found[node.name].append(i)
            except (RedisError, RedisClusterException) as error:
                answers[i] = _unavailable(error, self._url)
        return found

    def _followed(self, cluster: Any, command: Command) -> Any:
        """The outcome where the slot is on its way to another node, or has arrived."""
        try:
            return cluster.execute_command(*command)
        except (RedisError, RedisClusterException, OSError) as error:
            return _unavailable(error, self._url)

    def _look_around(self, cluster: Any) -> None:
        if time.monotonic() - self._refreshed < REFRESH:
            return
        self._refreshed = time.monotonic()
        try:
            cluster.nodes_manager.initialize()
        except (RedisError, RedisClusterException, OSError):
            # The commands that failed say what is wrong; the next look may find more.
            return


class _Moved(StreamUnavailable):
    """The slot is on another node, or on its way there."""


def connect(url: str, *, timeout: float = ANSWER_TIMEOUT) -> Link:
    """A link to the stream at ``redis://`` or ``rediss://``; nothing is sent before it is used."""
    return Link(url, timeout=timeout)


@contextmanager
def reachable(url: str) -> Iterator[None]:
    """Turn what the library raises into :class:`StreamUnavailable` with what to do."""
    try:
        yield
    except (RedisError, RedisClusterException, OSError) as error:
        raise _unavailable(error, url) from None


_ADVICE: tuple[tuple[type[Exception], str, str], ...] = (
    (AuthenticationError, "refuses the password", "set the one in the stream's URL right"),
    (NoPermissionError, "lets this user not do it", "allow it all commands on keys rv:*"),
    (BusyLoadingError, "is loading its data", "nothing needs to be done"),
    (OutOfMemoryError, "is out of memory", "raise maxmemory, or see why no worker takes the stream in"),
    (ReadOnlyError, "is a replica now", "nothing needs to be done where a failover is under way"),
    (ClusterDownError, "is a cluster that lacks slots", "bring its node back or fail it over"),
    (redis.exceptions.TimeoutError, "does not answer in time", "see whether it is overloaded or cut off"),
    (redis.exceptions.ConnectionError, "cannot be reached", "start it, or set the stream's URL right"),
    (RedisClusterException, "is a cluster that cannot be reached", "bring its nodes back"),
    (OSError, "cannot be reached", "start it, or set the stream's URL right"),
)


def _unavailable(error: Exception, url: str) -> StreamUnavailable:
    if isinstance(error, StreamUnavailable):
        return error
    where = f"the stream at {without_password(url)}"
    if isinstance(error, AskError | TryAgainError):
        return _Moved(f"{where} is moving a slot between nodes; nothing needs to be done")
    for kind, what, advice in _ADVICE:
        if isinstance(error, kind):
            return StreamUnavailable(f"{where} {what}; {advice}")
    if isinstance(error, ResponseError) and str(error).startswith("MISCONF"):
        return StreamUnavailable(f"{where} cannot write to its disk; make room there, it goes on by itself")
    # The first word is the error's code; what follows may quote arguments.
    code = str(error).split(" ", 1)[0]
    return StreamUnavailable(f"{where} refuses a command ({type(error).__name__} {code}); see its log")


def _is_moved(answer: Any) -> bool:
    return isinstance(answer, _Moved)


def _key(command: Command) -> Any:
    """The command's key. Scripts are sent whole: ``EVAL text count key``."""
    return command[3] if command[0] == "EVAL" else command[1]
