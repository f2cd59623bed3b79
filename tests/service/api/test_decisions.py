"""Making, listing and removing decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from structlog.testing import capture_logs

from service.api.app import build
from service.backends.decisions_file import DecisionsFile
from service.backends.redis.decisions import DecisionsFetcher
from service.bootstrap.control import Tended
from service.bootstrap.evidence import packer
from service.bootstrap.ingest import ingest
from service.bootstrap.notices import notices
from service.bootstrap.stores import stores
from tests.contracts.factories import AN_ACT
from tests.service.api.conftest import SECRETS
from tests.service.api.factories import a_decision

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.valkey import Valkey
    from tests.service.api.conftest import Plane

BLOCK = {"scope": "account", "value": "acct-9", "kind": "block", "until": "2999-01-01T00:00:00Z", "reason": "a report"}


async def test_make_list_remove(plane: Plane) -> None:
    """A decision is there once made, and gone once removed."""
    async with plane.client("admin") as client:
        made = await client.post("/api/v1/decisions", json=BLOCK)
        listed = (await client.get("/api/v1/decisions")).json()["items"]
        removed = await client.delete(made.headers["location"])
        again = await client.delete(made.headers["location"])
    assert made.status_code == 201
    decision = made.json()
    assert decision in listed
    assert decision["entity"] == {"scope": "account", "value": "acct-9"}
    assert decision["until"] == "2999-01-01T00:00:00.000000Z"
    assert (decision["origin"], decision["simulated"]) == ("reviewer", False)
    assert (removed.status_code, again.status_code) == (204, 404)
    assert decision["id"] not in plane.decided()


async def test_pages(plane: Plane) -> None:
    """Decisions are paged as everything else."""
    for n in range(3):
        plane.stores.decisions.add(a_decision(f"d-{n}"), AN_ACT)
    async with plane.client("viewer") as client:
        first = (await client.get("/api/v1/decisions", params={"limit": 3})).json()
        second = (await client.get("/api/v1/decisions", params={"limit": 3, "cursor": first["next"]})).json()
    assert [d["id"] for d in first["items"] + second["items"]] == ["d-throttle", "d-block", "d-2", "d-1", "d-0"]
    assert second["next"] is None


async def test_who_decided_is_logged(plane: Plane) -> None:
    """The log says what was decided and removed, and with which token, by its id."""
    with capture_logs() as logged:
        async with plane.client("admin") as client:
            made = await client.post("/api/v1/decisions", json=BLOCK)
            await client.delete(made.headers["location"])
    events = [event for event in logged if event["event"].startswith("decision.")]
    token = plane.headers["admin"]["Authorization"].split("_", 2)
    assert [event["event"] for event in events] == ["decision.made", "decision.removed"]
    assert {(event["entity"], event["kind"], event["by"]) for event in events} == {
        ("account:acct-9", "block", f"token:{token[1]}")
    }
    assert token[2] not in str(logged)


async def test_what_the_stream_does_not_take_is_stored(plane: Plane, own_valkey: Valkey, tmp_path: Path) -> None:
    """With the stream down a decision is stored and answered with 202; once it is back, it is published by itself."""
    shared = plane.settings.model_copy(update={"stream": own_valkey.url()})
    held = stores(shared)
    app = build(
        shared,
        records=held.records,
        decisions=held.decisions,
        tokens=held.tokens,
        alerts=held.alerts,
        audit=held.audit,
        ingest=ingest(shared, held),
        registers=plane.stores.registers,
        baselines=held.baselines,
        notices=notices(shared, plane.stores.registers, SECRETS),
        secrets=SECRETS,
        pack=packer(shared, held),
    )
    own_valkey.kill9()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8081", headers=plane.headers["admin"]
    ) as client:
        made = await client.post("/api/v1/decisions", json=BLOCK)
        removed = await client.delete("/api/v1/decisions/d-throttle")
    assert (made.status_code, removed.status_code) == (202, 202)
    assert plane.decided() == {"d-block", made.json()["id"]}
    own_valkey.start()
    assert isinstance(held.decisions, Tended)
    held.decisions.tend()
    assert held.link is not None
    there = tmp_path / "host" / "decisions.json"
    assert DecisionsFetcher(held.link, there).fetch()
    assert {decision.id for decision in DecisionsFile(there).all()} == plane.decided()
    held.close()
