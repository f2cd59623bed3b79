"""Liveness, readiness, metrics, documentation, and what holds for every answer."""

from __future__ import annotations

import re

import httpx
import pytest
from structlog.testing import capture_logs

from service.api.app import build
from service.bootstrap.evidence import packer
from service.bootstrap.ingest import ingest
from service.bootstrap.notices import notices
from service.settings import Settings
from tests.service.api.conftest import SECRETS, Plane


async def test_readiness_without_a_token(plane: Plane) -> None:
    """A probe without a token reads the status and a bare word."""
    async with plane.client() as client:
        ready = await client.get("/readyz")
        plane.lose_the_database()
        unready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert (unready.status_code, unready.json()) == (503, {"status": "unavailable"})
    assert unready.headers["retry-after"] == "5"


async def test_readiness_for_a_viewer(plane: Plane) -> None:
    """A viewer reads what is wrong and what to do."""
    async with plane.client("viewer") as client:
        ready = (await client.get("/readyz")).json()
        plane.change_the_database("UPDATE alembic_version SET version_num = 'later'")
        unready = (await client.get("/readyz")).json()
    assert ready["counts"]["flags"] == 3
    assert "newer version" in unready["detail"]


@pytest.mark.parametrize("path", ["/api/v1/flags", "/api/v1/flags/flag-1", "/api/v1/accounts", "/api/v1/accounts/a"])
async def test_the_store_is_down(plane: Plane, path: str) -> None:
    """Without its store the API says so and when to come back; it does not fail."""
    plane.lose_the_database()
    async with plane.client("viewer") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "table" not in answer.text


async def test_an_error_of_our_own(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected is a 500 in the one shape, logged under its id, and shows nothing of its inside."""
    monkeypatch.setattr(plane.stores.records, "flag", lambda _: 1 / 0)
    with capture_logs() as logged:
        async with plane.client("viewer") as client:
            answer = await client.get("/api/v1/flags/flag-1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "division" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    (failure,) = [event for event in logged if event["event"] == "control.failed"]
    assert failure["request_id"] == answer.json()["error"]["request_id"]


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/api/v1/flags", "/nothing", "/api/v1/flags?token=x"])
async def test_headers_of_every_answer(plane: Plane, path: str) -> None:
    """Nothing is cached, sniffed, framed or run, whatever the answer is."""
    async with plane.client() as client:
        answer = await client.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])


async def test_documentation_needs_no_other_server(plane: Plane) -> None:
    """The page names every route, holds no script, and loads nothing."""
    async with plane.client() as client:
        page = (await client.get("/docs")).text
        api = (await client.get("/openapi.json")).json()
    assert all(path in page for path in api["paths"])
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!#|openapi\.json)", page)
    assert "http://" not in page
    assert "https://" not in page


async def test_openapi_names_the_role(plane: Plane) -> None:
    """The OpenAPI file says which operations take a token, and of which role."""
    async with plane.client() as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert paths["/api/v1/decisions"]["post"]["security"] == [{"token": []}]
    assert "role analyst" in paths["/api/v1/decisions"]["post"]["description"]
    assert "security" not in paths["/healthz"]["get"]


async def test_metrics(plane: Plane) -> None:
    """Metrics come in the text format of Prometheus."""
    async with plane.client("admin") as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE " in answer.text


@pytest.mark.parametrize(
    ("control", "host", "status"),
    [
        ("127.0.0.1:8081", "127.0.0.1:8081", 200),
        ("127.0.0.1:8081", "localhost:9000", 200),
        ("127.0.0.1:8081", "rebound.example:8081", 400),
        ("127.0.0.1:8081", "127.0.0.1.rebound.example", 400),
        ("[::1]:8081", "[::1]:8081", 200),
        ("[::1]:8081", "rebound.example", 400),
        ("localhost:8081", "localhost", 200),
        ("0.0.0.0:8081", "revenuer.example", 200),
    ],
)
async def test_host(plane: Plane, control: str, host: str, status: int) -> None:
    """On loopback only a Host of loopback is served, so that no web page reaches it under its own name."""
    held = plane.stores
    app = build(
        Settings(control=control),
        records=held.records,
        decisions=held.decisions,
        tokens=held.tokens,
        alerts=held.alerts,
        audit=held.audit,
        ingest=ingest(plane.settings, held),
        registers=held.registers,
        baselines=held.baselines,
        notices=notices(plane.settings, held.registers, SECRETS),
        secrets=SECRETS,
        pack=packer(plane.settings, held),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer = await client.get("/healthz", headers={"Host": host})
    assert answer.status_code == status
