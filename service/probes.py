"""Probes: short looks at sockets and processes, for the doctor. None lasts longer than ``PATIENCE``."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 3.0
"""Seconds."""


def split(address: str) -> tuple[str, int]:
    """Host and port of ``host:port``; an IPv6 host stands in brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def bindable(address: str) -> str | None:
    """None where the address can be listened on, else what stands against it."""
    host, port = split(address)
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: a connection that is still closing is no other process.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None


def is_control(address: str) -> bool:
    """Whether a control plane answers there."""
    host, port = split(address)
    connection = http.client.HTTPConnection(_here(host), port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
        answer = connection.getresponse()
        return answer.status == 200 and answer.getheader("X-Request-Id") is not None and answer.read(3) == b"ok"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def reachable(url: str) -> str | None:
    """None where a connection, with TLS for https, can be made; nothing is sent over it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((host, port), timeout=PATIENCE) as connection:
            if parts.scheme == "https":
                with ssl.create_default_context().wrap_socket(connection, server_hostname=host):
                    pass
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted: {error.verify_message}"
    except (OSError, ValueError) as error:
        return (getattr(error, "strerror", None) or str(error)).lower()
    return None


def roles(metrics: Path) -> set[str]:
    """Roles of the living processes that write metrics into this folder."""
    pids = {match[1] for path in metrics.glob("*.db") if (match := re.search(r"_(\d+)\.db$", path.name))}
    if not pids:
        return set()
    listing = subprocess.run(  # noqa: S603 - digits only
        ["ps", "-o", "args=", "-p", ",".join(sorted(pids))],  # noqa: S607 - where it is differs by system
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    ).stdout  # fmt: skip
    return set(re.findall(r"service\.roles (\w+)", listing))


def _here(host: str) -> str:
    """Where to connect for an address that means every interface."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound
