"""The gateway put together, and served."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import signal
import threading
from typing import TYPE_CHECKING

import uvicorn

from service.gateway.address import Addresses
from service.gateway.clock import Clock
from service.gateway.guard import Guard
from service.gateway.identity import Identities
from service.gateway.identity_map import IdentityMap
from service.gateway.marks import marks
from service.gateway.parts import Dialects, Parts
from service.gateway.pool import Pool
from service.gateway.protocol import bound
from service.gateway.proxy import Proxy
from service.gateway.record import Recorder
from service.gateway.shell import Shell
from service.gateway.tally import Tally
from service.gateway.targets import Targets

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from service.gateway.floor import Floor
    from service.ports import DecisionTable, EventSink
    from service.secrets import Secrets
    from service.settings import Settings

GRACE = 30
"""Seconds that answers under way have to finish after SIGTERM."""
BACKLOG = 2048


def build(
    settings: Settings,
    *,
    sink: EventSink,
    decisions: DecisionTable,
    dialects: Dialects | None,
    secrets: Secrets,
    floor: Floor | None = None,
) -> Shell:
    """The data port's application; ``serve`` runs it.

    Without a ``floor`` its time begins at the wall's, wherever that of an earlier process was.

    Raises
    ------
    SettingsError
        No upstream, an upstream that is the gateway itself, or an identity map that cannot be used.

    """
    targets = Targets(settings.upstream, listen=settings.listen)
    names = IdentityMap(settings.identity.map)
    identities = Identities(secrets.pepper, names)
    pool = Pool(connect_timeout=settings.limits.connect_timeout)
    tally = Tally()
    clock = Clock(floor=floor.read() if floor else 0)
    recorder = Recorder(sink, settings.log, tally)
    parts = Parts(
        limits=settings.limits,
        targets=targets,
        addresses=Addresses(settings.identity.trusted_proxies),
        identities=identities,
        refuse_unknown=settings.identity.unknown == "refuse",
        guard=Guard(decisions),
        recorder=recorder,
        pool=pool,
        clock=clock,
        tally=tally,
        dialects=dialects,
        marker=hashlib.blake2b(b"via", key=secrets.pepper, digest_size=8).hexdigest().encode(),
    )

    def closing() -> None:
        pool.close()
        tally.flush()
        if floor:
            floor.settle(clock)

    background: list[Callable[[], Coroutine[Any, Any, None]]] = [tally.run, lambda: names.watch(identities.forget)]
    if floor:
        background.append(lambda: floor.keep(clock))
    if settings.shared_stream:
        background.append(lambda: marks(recorder, clock))
    return Shell(Proxy(parts), sink, background=background, closing=closing)


async def serve(settings: Settings, app: Shell, sockets: list[socket.socket] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then let answers finish for ``GRACE`` seconds; returns normally.

    Run it on uvloop. ``sockets`` are listening sockets to use in place of ``settings.listen``.
    """
    await Server(settings, app).serve(sockets)


class Server(uvicorn.Server):
    """uvicorn, set up for a data plane.

    Unlike uvicorn's own it swallows the stop signal once it has obeyed it, so the process exits with 0.
    """

    def __init__(self, settings: Settings, app: Shell) -> None:
        host, _, port = settings.listen.rpartition(":")
        self._shell = app
        config = uvicorn.Config(
            app,
            host=host.strip("[]"),
            port=int(port),
            http=bound(settings.limits),
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then keep the collector away from all that start-up made."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, in order."""
        self._shell.stop()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, without raising them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
