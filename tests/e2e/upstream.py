"""The stand-in model as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.e2e.system import listening, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def standin() -> Iterator[str]:
    """Its URL, while it runs."""
    port = free_port()
    code = f"from service.standin.server import run; run('127.0.0.1', {port})"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        until(lambda: listening(port), "the stand-in model answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
