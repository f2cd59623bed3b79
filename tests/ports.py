"""Ports for what tests start.

A port that is free now may be another's by the time a slow process listens on it, so every process that runs tests has
a range of its own, each port of which it gives out once, and none is one that the system gives out by itself.
"""

from __future__ import annotations

import itertools
import os
import socket

FIRST, EACH, WORKERS = 10_000, 2_500, 4
"""Of the ranges; a Valkey node of a cluster listens 10,000 above its own port too."""

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
# Two runs beside each other begin at different places.
_next = itertools.count(os.getpid() * 97)


def free_port() -> int:
    """A port of loopback that is free now and was not given out before.

    Raises
    ------
    RuntimeError
        None of the range is free.

    """
    for _ in range(EACH):
        port = FIRST + _worker * EACH + next(_next) % EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port from {FIRST + _worker * EACH} on is free")
