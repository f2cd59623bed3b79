"""An installation on Postgres and Valkey, a process for each role, as on hosts of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.bootstrap.stores import stores
from tests.e2e.system import System, until
from tests.e2e.test_serve import ask
from tests.e2e.upstream import standin
from tests.service.bootstrap.hosts import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.postgres import Postgres
    from tests.servers.valkey import Valkey

pytestmark = pytest.mark.xdist_group("processes")

CALLERS = 6
QUERIES = 21
"""Of each caller: one more than the first scoring needs."""
LONG = 180.0
"""Seconds that are waited at most."""


@pytest.fixture
def here(tmp_path: Path, own_postgres: Postgres, own_valkey: Valkey) -> Iterator[Installation]:
    """An installation in front of the stand-in model."""
    with (
        standin() as upstream,
        Installation(tmp_path, database=own_postgres.url(), stream=own_valkey.url(), upstream=upstream) as installation,
    ):
        yield installation


def test_from_the_proxy_to_a_decision(here: Installation, own_postgres: Postgres, own_valkey: Valkey) -> None:
    """Every query is in the log once and scored; both workers work; a block is obeyed, also without any store."""
    for n in range(QUERIES):
        for caller in range(CALLERS):
            assert here.ask(f"sk-{caller}", f"question {n} of {caller}") == 200
    held = stores(here.settings)
    until(lambda: held.records.counts()["events"] == here.answered, "every query is in the log", LONG)

    until(lambda: _shared_out(here), "both workers tend partitions", LONG)
    _watched(here)
    _, accounts = here.api("/api/v1/accounts")
    assert [account["queries"] for account in accounts["items"]] == [QUERIES] * CALLERS
    _, detail = here.api(f"/api/v1/accounts/{here.account('sk-0')}")
    assert [score["trigger"] for score in detail["scores"]] == ["n=20"]

    assert here.api("/api/v1/decisions", _block(here.account("sk-0")))[0] == 201
    until(lambda: here.ask("sk-0") == 403, "the block is obeyed")
    own_postgres.kill9()
    own_valkey.kill9()
    assert (here.ask("sk-0"), here.ask("sk-1")) == (403, 200)
    assert here.gateway.stop() == 0
    here.gateway.start()
    until(lambda: here.ask("sk-1") == 200, "the gateway serves again, without any store")
    assert here.ask("sk-0") == 403
    own_postgres.start()
    own_valkey.start()
    until(lambda: held.records.counts()["events"] == here.answered, "what came meanwhile is in the log", LONG)
    assert held.records.counts()["not_logged"] == 0
    held.close()
    for host in here.hosts:
        assert host.stop() == 0, host.output.read_text()[-3000:]


def test_one_host_on_a_shared_stream(tmp_path: Path, own_valkey: Valkey) -> None:
    """Everything on one host works by way of a stream and SQLite too, and ends in order."""
    options = {"stream": own_valkey.url(), "partitions": 3}
    with standin() as upstream, System(tmp_path / "data", upstream, options) as system:
        for n in range(CALLERS):
            assert ask(system, key=f"sk-{n}") == 200
        until(lambda: system.get("/readyz")["counts"]["events"] == CALLERS, "every query is in the log", LONG)
        owners = {partition["owner"] for partition in system.get("/api/v1/ingest")["partitions"]}
        assert (len(owners), None in owners) == (1, False)
        assert system.stop() == 0


def _shared_out(here: Installation) -> bool:
    status, ingest = here.api("/api/v1/ingest")
    owners = {partition["owner"] for partition in ingest["partitions"]} if status == 200 else set()
    return len(owners) == len(here.workers) and None not in owners


def _watched(here: Installation) -> None:
    """Every host tells how it is."""
    for worker in here.workers:
        until(lambda worker=worker: worker.page("/readyz") == (200, "ok\n"), "the worker gets on")
        assert worker.page("/healthz") == (200, "ok\n")
        assert 'revenuer_lag_seconds{partition="' in worker.page("/metrics")[1]
    until(lambda: here.gateway.page("/readyz") == (200, "ok\n"), "the shipper gets on")
    assert "revenuer_shipped_records_total" in here.gateway.page("/metrics")[1]
    told = here.control.run("status")
    assert told.stdout.count(" s ") >= 4, told.stdout + told.stderr
    assert f"{here.answered} queries in the log" in told.stdout


def _block(account: str) -> dict[str, str]:
    return {"scope": "account", "value": account, "kind": "block", "reason": "test"}
