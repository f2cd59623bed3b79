"""Faults of a gateway's own host: its disk, its version, what callers and the upstream do to it.

As in ``faults``: each is done to a running site and undone, and returns when it is over.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.chaos.upstream import ODD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.chaos.site import Site

LIBFIU = shutil.which("fiu-run") is not None
"""Whether the system has libfiu, which fails the system calls of a process (Debian: ``fiu-utils``)."""
FAILURES = 20
"""Syncs of the spool that fail, one at a time."""
BETWEEN = 0.15
"""Seconds between two of them, so that the writer has recovered from one before the next."""
TORN = b"\x93\x00" * 77
"""What a write that was cut leaves behind the last whole block; no block begins like it."""
SLOW = 3.0
"""Seconds that a caller takes over an answer."""


def syncs_fail(site: Site) -> None:
    """The disk under the spool of a gateway reports errors, one sync at a time."""
    control = site.folder / "fiu"
    prefix = ("fiu-run", "-x", "-f", str(control))
    site.kill("gateway-1")
    site.back("gateway-1", under=prefix)
    command = ["fiu-ctrl", "-f", str(control), "-c", "enable name=posix/io/sync/fdatasync,failinfo=5,onetime"]
    for _ in range(FAILURES):
        subprocess.run([*command, str(site.pid("gateway-1"))], check=True)
        time.sleep(BETWEEN)
    said = site.log_of("gateway-1").read_text(errors="replace")
    site.kill("gateway-1")
    site.back("gateway-1")
    assert "spool.write_failed" in said, "no sync failed: is libfiu at work?"


def tail_torn(site: Site) -> None:
    """A gateway is killed in the middle of a write."""
    site.kill("gateway-0")
    newest = max(site.settings("gateway-0").spool.glob("*.seg"), key=_age)
    with newest.open("ab") as segment:
        segment.write(TORN)
    site.back("gateway-0")


def older_shipper(site: Site) -> None:
    """A shipper of the version before, beside one of this, and back."""
    site.versions["shipper-0"] = "older"
    for _ in range(2):
        site.kill("shipper-0")
        site.back("shipper-0")
        site.versions.pop("shipper-0", None)
        time.sleep(SLOW)


def upstream_is_odd(*names: str) -> Callable[[Site], None]:
    """The upstream breaks off, refuses, or answers what nobody can read: callers get just that."""

    def do(site: Site) -> None:
        for port in site.ports:
            for name in names:
                head, body, missing = ODD[name]
                assert _asked(port, name) in _came(head, body, missing), f"{name}: not as the upstream said it"

    return do


def slow_caller(site: Site) -> None:
    """Callers that take their answer byte by byte."""
    callers = [_connected(port) for port in site.ports for _ in range(8)]
    for caller in callers:
        caller.sendall(_request("plain"))
    until = time.monotonic() + SLOW
    while time.monotonic() < until:
        for caller in callers:
            assert caller.recv(1), "the gateway hung up on a slow caller"
        time.sleep(0.2)
    for caller in callers:
        caller.close()


def _asked(port: int, odd: str) -> tuple[bytes, bytes]:
    """Status and body of what a caller receives until the connection ends."""
    received = b""
    with _connected(port) as caller, suppress(ConnectionResetError):
        caller.sendall(_request(odd))
        while data := caller.recv(65_536):
            received += data
    head, _, body = received.partition(b"\r\n\r\n")
    return (head.split(b" ", 2)[1] if head else b""), body


def _came(head: bytes, body: bytes, missing: int) -> set[tuple[bytes, bytes]]:
    """What may come of such an answer: all of it, or, as a reset may overtake what it follows, a first part."""
    status = head.split(b" ", 2)[1]
    cut = {(status, body[:length]) for length in range(len(body))} | {(b"", b"")} if missing else set()
    return {(status, body), *cut}


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def _request(odd: str) -> bytes:
    body = b'{"model":"chaos","messages":[{"role":"user","content":"odd"}]}'
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b"x-chaos: %b\r\nContent-Length: %d\r\n\r\n%b" % (odd.encode(), len(body), body)
    )


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns
