"""Exposition: metrics and health of a process that has no port of its own, over plain HTTP.

``/metrics`` as Prometheus reads it, ``/healthz`` for whoever restarts what hangs, ``/readyz`` for whoever wants to
know whether it gets on. Neither asks for a token and neither shows a caller, so the address belongs on a network that
the operator trusts.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HANGS = 300.0
"""Seconds without a sign of life after which a process counts as hanging. No wait of ours is as long."""
PATIENCE = 5.0
"""Seconds that a client has for its request."""


class ExpositionError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is told of a process."""

    metrics: Path
    """Folder that this and its sibling processes write metrics into."""
    trouble: Callable[[], str | None]
    """None while it gets on, else what is wrong. Asked from another thread."""
    silence: Callable[[], float] = lambda: 0.0
    """Seconds since its last sign of life, likewise."""


def page(folder: Path) -> bytes:
    """Metrics of all processes where the launcher gave them a folder to share, else of this one."""
    if not folder.is_dir():
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def expose(address: str, watched: Watched) -> Callable[[], None]:
    """Answer on ``host:port`` from threads of its own until what is returned is called.

    Raises
    ------
    ExpositionError
        The address is taken, or none of this machine.

    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")

    class Handler(_Handler):
        told = watched

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

    try:
        server = Server((host, int(port)), Handler)
    except OSError as error:
        raise ExpositionError(
            f"metrics: {address}: {error.strerror}; stop what listens there, or choose another port"
        ) from None
    threading.Thread(target=server.serve_forever, name="exposition", daemon=True).start()

    def close() -> None:
        server.shutdown()
        server.server_close()

    return close


class _Handler(BaseHTTPRequestHandler):
    told: Watched
    timeout = PATIENCE
    server_version = "revenuer"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one of the three."""
        if self.path == "/metrics":
            self._answer(200, page(self.told.metrics), CONTENT_TYPE_LATEST)
        elif self.path == "/healthz":
            silence = self.told.silence()
            hangs = silence > HANGS
            self._answer(503 if hangs else 200, f"no sign of life for {silence:.0f} s\n".encode() if hangs else b"ok\n")
        elif self.path == "/readyz":
            trouble = self.told.trouble()
            self._answer(200 if trouble is None else 503, f"{trouble or 'ok'}\n".encode())
        else:
            self._answer(404, b"there are /metrics, /healthz and /readyz\n")

    def log_message(self, *_: object) -> None:
        """Nothing: what a client asks for is its own affair."""

    def _answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
