"""The stand-in on a free port, in a thread."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from service.standin.server import Pace, Standin

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def standin(pace: Pace | None = None) -> Iterator[str]:
    """The address of a stand-in that serves until the end of the block, without pauses where no pace is given."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Standin(pace or Pace(0, 0)), log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
