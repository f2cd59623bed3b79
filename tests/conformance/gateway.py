"""The gateway under test: the real one, on a real socket, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvloop

from service.gateway import server
from service.gateway.dialects import Dialects
from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity, Scope
from service.model.query import End, Record, Start
from service.secrets import Secrets
from service.settings import Settings
from tests.conformance.peer import GUARD, Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SECRETS = Secrets(b"p" * 32, b"s" * 32, b"t" * 32, b"d" * 32)


class Log:
    """A sink in memory; ``answer`` decides what an append is answered with, and when."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.closed = False
        self.answer: Callable[[asyncio.Future[bool]], None] = lambda future: future.set_result(True)
        self._changed = threading.Condition()

    def append(self, record: Record) -> asyncio.Future[bool]:
        future = asyncio.get_running_loop().create_future()
        self.answer(future)
        with self._changed:
            self.records.append(record)
            self._changed.notify_all()
        return future

    async def close(self) -> None:
        self.closed = True

    def both(self, path: str) -> tuple[Start, End]:
        """Start and end of the one query to this path, waited for."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._pair(path) is not None, GUARD), self.records
        pair = self._pair(path)
        assert pair is not None
        return pair

    def _pair(self, path: str) -> tuple[Start, End] | None:
        starts = [record for record in self.records if isinstance(record, Start) and record.path == path]
        ends = [record for record in self.records if isinstance(record, End) and record.id in {s.id for s in starts}]
        assert len(starts) <= 1
        assert len(ends) <= 1
        return (starts[0], ends[0]) if starts and ends else None


class Table:
    """Decisions in memory."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.broken = False

    @property
    def scopes(self) -> frozenset[Scope]:
        if self.broken:
            raise RuntimeError("the table broke")
        return frozenset(decision.entity.scope for decision in self.decisions)

    def lookup(self, entities: Iterable[Entity], now: int) -> Decision | None:
        wanted = set(entities)
        found = [d for d in self.decisions if d.entity in wanted and (d.until is None or d.until > now)]
        return found[0] if found else None


def a_decision(
    value: str, kind: Kind, *, scope: Scope = Scope.ACCOUNT, simulated: bool = False, until: int | None = None
) -> Decision:
    """A decision about an account, for ever, in earnest."""
    return Decision(
        id="decision-1",
        entity=Entity(scope, value),
        kind=kind,
        until=until,
        origin=Origin.CLI,
        reason="a test",
        simulated=simulated,
        created=0,
    )


class Gateway:
    """Started at construction, stopped by ``stop``."""

    def __init__(self, upstream: str | dict[str, str], **settings: Any) -> None:
        self.log = Log()
        self.table = Table()
        self._peers: list[Peer] = []
        sock = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = sock.getsockname()[1]
        self.settings = Settings.model_validate({"listen": f"127.0.0.1:{self.port}", "upstream": upstream, **settings})
        app = server.build(self.settings, sink=self.log, decisions=self.table, dialects=Dialects(), secrets=SECRETS)
        self._server = server.Server(self.settings, app)
        self._thread = threading.Thread(target=self._run, args=(sock,), daemon=True)
        self._thread.start()

    def connect(self, **options: int) -> Peer:
        peer = Peer.connect(self.port, **options)
        self._peers.append(peer)
        return peer

    def stopping(self) -> None:
        """Ask it to stop, as a signal does."""
        self._server.should_exit = True

    def stop(self) -> None:
        for peer in self._peers:
            peer.close()
        self._server.should_exit = True
        self._thread.join(GUARD)
        assert not self._thread.is_alive()

    def _run(self, sock: socket.socket) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._server.serve([sock]))
