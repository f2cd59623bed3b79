"""How long until what a person decides is so: a throttle at the gateway, and the end of a disabled user's sessions.

The demo runs as ``revenuer serve`` alone starts it, with its traffic. Times are from the request that makes the change
to the first answer that obeys it, so the round trips of asking are in them.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tests.benchmarks.caller import percentile
from tests.benchmarks.report import Line
from tests.console.people import PASSWORD, user
from tests.console.story import DISTILLER, HONEST, asks
from tests.e2e.system import System
from tests.servers.postgres import Postgres
from tests.servers.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.benchmarks.report import Report

ROUNDS = 50
"""Decisions made and taken back."""
USERS = 20
"""Users who are disabled."""
SOON = 1.0
"""Seconds within which it must be so."""
PATIENCE = 30.0
PAUSE = 0.01
"""Seconds between two looks."""


def measure(report: Report, folder: Path, *, postgres: bool) -> None:
    """Start the demo, on Postgres and Valkey where asked for, decide and disable, and add the lines."""
    with ExitStack() as stack:
        options = {}
        if postgres:
            database, stream = stack.enter_context(Postgres()), stack.enter_context(Valkey())
            options = {"database": database.url(), "stream": stream.url()}
        demo = stack.enter_context(System(folder, options=options))
        throttled, served = _decide(demo)
        out = [_disable(demo, f"user-{number}") for number in range(USERS)]
    report.raw["obeyed"] = {"throttled": throttled, "served again": served, "signed out": out}
    for what, took, n in (
        ("until a throttle is obeyed", throttled, ROUNDS),
        ("until one that was taken back is", served, ROUNDS),
        ("until a disabled user's session is over", out, USERS),
    ):
        report.add(
            Line(f"{what}: p50", percentile(took, 0.5), "s"),
            Line(f"{what}: longest", max(took), "s", most=SOON, note=f"of {n}"),
        )


def _decide(demo: System) -> tuple[list[float], list[float]]:
    throttled, served = [], []
    headers = {"Authorization": f"Bearer {demo.token}"}
    decision = {"scope": "account", "value": DISTILLER, "kind": "throttle", "reason": "measured"}
    for _ in range(ROUNDS):
        began = time.monotonic()
        made = json.loads(_ask(demo, "POST", "/api/v1/decisions", headers, decision)[1])
        throttled.append(_until(lambda: asks(demo, DISTILLER) == 429, began))
        if asks(demo, HONEST) != 200:
            raise RuntimeError(f"{HONEST} was not served while {DISTILLER} was throttled")
        began = time.monotonic()
        _ask(demo, "DELETE", f"/api/v1/decisions/{made['id']}", headers, None)
        served.append(_until(lambda: asks(demo, DISTILLER) == 200, began))
    return throttled, served


def _disable(demo: System, name: str) -> float:
    """From the request that disables the user to the first that their session does not open."""
    user(demo, name, "analyst")
    _, _, cookie = _ask(demo, "POST", "/api/v1/session", {}, {"name": name, "password": PASSWORD})
    session = {"Cookie": cookie.partition(";")[0]}
    if _ask(demo, "GET", "/api/v1/whoami", session, None)[0] != 200:
        raise RuntimeError(f"the session of {name} does not open what it should")
    began = time.monotonic()
    _ask(demo, "POST", f"/api/v1/users/{name}/disable", {"Authorization": f"Bearer {demo.token}"}, {})
    return _until(lambda: _ask(demo, "GET", "/api/v1/whoami", session, None)[0] == 401, began)


def _until(holds: Callable[[], bool], began: float) -> float:
    while not holds():
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"not so after {PATIENCE} s")
        time.sleep(PAUSE)
    return time.monotonic() - began


def _ask(
    demo: System, method: str, path: str, headers: dict[str, str], document: dict[str, Any] | None
) -> tuple[int, bytes, str]:
    """Status, body and cookie of an answer of the control plane."""
    body = None if document is None else json.dumps(document).encode()
    address = f"http://127.0.0.1:{demo.control}{path}"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - always http
            return answer.status, answer.read(), answer.headers.get("Set-Cookie", "")
    except urllib.error.HTTPError as error:
        return error.code, error.read(), ""
