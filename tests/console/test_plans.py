"""The queue and an alert are read by index: what they cost does not grow with the log."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from service.api.access import Role
from service.api.control import clock
from service.api.tokens import issue
from service.bootstrap.control import control
from service.bootstrap.stores import secrets, stores, upgrade
from service.ports import AlertFilter
from service.settings import Settings
from tests.benchmarks.loaded import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROWS = {"events", "event_text", "evaluations", "flags", "trail", "names", "states", "entities", "audit"}
"""Tables that a busy installation's days fill."""
PAGES = (
    *("/console/queue", "/console/queue?status=all", "/console/queue?severity=high", "/console/queue?scope=account"),
    *("/console/queue?assignee=me", "/console/queue?entity=acct-00000", "/console/alerts/{alert}"),
)
GATHERS = "alerts"
"""Thread of the control plane that gathers flags into alerts meanwhile; it reads for nobody's page."""
Statement = tuple[str, Any]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small log of the same make as the benchmark's, where a scan would be found as well."""
    settings = Settings(data=tmp_path_factory.mktemp("filled"))
    upgrade(settings)
    load(settings, events=2_000, flags=100)
    return settings


@contextmanager
def _read() -> Iterator[list[Statement]]:
    """Every statement that reads, with its parameters, as it goes to the database."""
    found: list[Statement] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001
        reads = statement.lstrip().upper().startswith(("SELECT", "WITH"))
        if reads and threading.current_thread().name != GATHERS:
            found.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _scans(database: Path, statements: list[Statement]) -> list[str]:
    """Steps of the statements' plans that go through a whole table that grows."""
    with closing(sqlite3.connect(database)) as connection:
        return [
            f"{step[3]}: {statement}"
            for statement, parameters in statements
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            if step[3].startswith("SCAN ") and step[3].split()[1] in GROWS
        ]


async def test_pages_never_scan(filled: Settings) -> None:
    """No statement behind the queue, its filters or an alert's page goes through a table that grows."""
    held = stores(filled)
    token = issue(held.tokens, secrets(filled).token_key, role=Role.ADMIN, now=clock(), life=None)
    alert = held.alerts.alerts(AlertFilter(entity="acct-00000"), None, 1).items[0].id
    held.close()
    transport = httpx.ASGITransport(control(filled))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{filled.control}") as client:
        entered = await client.post("/console/sign-in", data={"secret": token, "next": "/console"})
        assert entered.status_code == 303
        for page in PAGES:
            with _read() as statements:
                answer = await client.get(page.format(alert=alert))
            assert answer.status_code == 200, page
            assert len(statements) >= 3, page
            assert _scans(filled.data / "revenuer.db", statements) == [], page


@pytest.mark.parametrize(
    ("statement", "scans"),
    [
        pytest.param("SELECT count(*) FROM events", 1, id="count"),
        pytest.param("SELECT * FROM flags WHERE body LIKE '%x%'", 1, id="text"),
        pytest.param("SELECT * FROM flags WHERE id = ?", 0, id="key"),
        pytest.param("SELECT * FROM events ORDER BY done DESC LIMIT 1", 1, id="an index gone through from its end"),
    ],
)
def test_scans_are_found(filled: Settings, statement: str, scans: int) -> None:
    """A statement that goes through a table is seen as such."""
    parameters = ("x",) if "?" in statement else ()
    assert len(_scans(filled.data / "revenuer.db", [(statement, parameters)])) == scans
