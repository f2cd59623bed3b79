"""The console over a full log: how long its pages take on the server, and how much a browser fetches for one.

A page is timed over loopback, from its request to its last byte, on a connection that is open already; the control
plane has the first CPU to itself.
"""

from __future__ import annotations

import html
import itertools
import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
from structlog.testing import capture_logs

from service.api.access import Role
from service.api.control import clock
from service.api.tokens import issue
from service.bootstrap.stores import secrets, stores
from service.ports import AlertFilter
from tests.benchmarks.caller import percentile
from tests.benchmarks.installation import install
from tests.benchmarks.loaded import load
from tests.benchmarks.processes import TARGET, cpu_seconds, running
from tests.benchmarks.report import Line
from tests.console.visitor import Visitor
from tests.servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.installation import Installation
    from tests.benchmarks.processes import Running
    from tests.benchmarks.report import Report
    from tests.console.visitor import Got

SLOWEST = 150.0
"""Milliseconds that 95 of 100 pages may take at most."""
LARGEST = 100.0
"""Kilobytes of a page with all that it loads, as sent."""
WARM_UP, VISITS = 10, 200
"""Of each kind of page; the first are not counted."""
DEEP = 20
"""Pages of the queue that are turned one after the other."""
QUEUES: tuple[dict[str, str], ...] = (
    *({}, {"severity": "high"}, {"status": "new"}, {"status": "all"}, {"scope": "account"}),
    *({"assignee": "nobody"}, {"assignee": "me"}, {"entity": "acct-00000"}),
)
"""What the queue is asked for."""
FOLLOWING = re.compile(r'href="(?:/console/queue)?(\?[^"]*cursor=[^"]*)"')


def measure(report: Report, folder: Path, *, events: int, flags: int, postgres: bool) -> None:
    """Fill a database, visit the pages, and add the lines."""
    folder.mkdir()
    with ExitStack() as stack:
        options: dict[str, Any] = {}
        if postgres:
            options["database"] = stack.enter_context(Postgres()).url()
        made = install(folder / "installation", 1, options=options)
        _quietly(lambda: load(made.settings, events=events, flags=flags))
        token, alerts = _prepared(made)
        control = int(made.settings.control.rpartition(":")[2])
        output = folder / "control.log"
        server = stack.enter_context(running(made.command("control"), cpu=TARGET, output=output, port=control))
        visitor = stack.enter_context(Visitor(control))
        visitor.sign_in(token)
        note = f"{'Postgres' if postgres else 'SQLite'}, {events:,} events, {flags:,} flags"
        _time(report, visitor, "queue", _queues(visitor), server=server, note=note)
        _time(report, visitor, "alert", _alerts(alerts), server=server, note=note)


def _quietly(work: Any) -> None:
    """Without a line of log for each of ten thousand alerts."""
    with capture_logs():
        work()


def _prepared(made: Installation) -> tuple[str, list[str]]:
    """An admin's token, and the addresses of all alerts."""
    held = stores(made.settings)
    token = issue(held.tokens, secrets(made.settings).token_key, role=Role.ADMIN, now=clock(), life=None)
    found: list[str] = []
    after: str | None = None
    while len(found) == 0 or after is not None:
        page = held.alerts.alerts(AlertFilter(), after, 500)
        found += [alert.id for alert in page.items]
        after = page.next
    held.close()
    return token, found


def _queues(visitor: Visitor) -> Iterator[str]:
    """Every way to ask for the queue in turn, and between them the next page of the whole."""
    following = "/console/queue"
    for number, asked in enumerate(itertools.cycle(QUEUES)):
        yield f"/console/queue?{urlencode(asked)}"
        yield following
        following = _next(visitor, following) if number % DEEP else "/console/queue"


def _next(visitor: Visitor, path: str) -> str:
    """Address of the page behind, or of the first."""
    found = FOLLOWING.search(visitor.get(path).text)
    return f"/console/queue{html.unescape(found[1])}" if found else "/console/queue"


def _alerts(alerts: list[str]) -> Iterator[str]:
    """The heavy account's alert every tenth time, else any."""
    order = np.random.default_rng(7).permutation(len(alerts))
    for number in itertools.count():
        yield f"/console/alerts/{alerts[0] if number % 10 == 0 else alerts[order[number % len(order)]]}"


def _time(report: Report, visitor: Visitor, kind: str, addresses: Iterator[str], *, server: Running, note: str) -> None:
    next_up = list(itertools.islice(addresses, WARM_UP + VISITS))
    _visit(visitor, kind, next_up[:WARM_UP])
    before = cpu_seconds(server.pids)
    got = _visit(visitor, kind, next_up[WARM_UP:])
    cpu = (cpu_seconds(server.pids) - before) / VISITS
    times = [answer.seconds * 1000 for answer in got]
    largest = max(got, key=lambda answer: answer.bytes)
    size = largest.bytes + sum(visitor.get(asset).bytes for asset in largest.assets)
    report.raw[f"console {kind}"] = {
        "milliseconds": times,
        "bytes": [answer.bytes for answer in got],
        "load": os.getloadavg(),
    }
    report.add(
        Line(f"{kind} page: p50", percentile(times, 0.50), "ms", note=note),
        Line(f"{kind} page: p95", percentile(times, 0.95), "ms", most=SLOWEST, note=f"{note}, {VISITS} pages"),
        Line(f"{kind} page: CPU of the server", cpu * 1000, "ms", note="mean; what else it does meanwhile included"),
        Line(
            f"{kind} page with all that it loads", size / 1000, "kB", most=LARGEST, note="packed; the largest of them"
        ),
    )


def _visit(visitor: Visitor, kind: str, addresses: list[str]) -> list[Got]:
    got = [visitor.get(address) for address in addresses]
    if any(answer.status != 200 for answer in got):
        raise RuntimeError(f"the {kind} pages were answered with {sorted({answer.status for answer in got})}")
    return got
