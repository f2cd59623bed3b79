"""Suppressions, appeals and precision over HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from service.api.control import clock
from service.review.desk import Desk
from service.review.suppressions import Suppressions
from tests.service.api.factories import a_flag, a_signal

if TYPE_CHECKING:
    from tests.service.api.conftest import Plane


def asked(**changes: Any) -> dict[str, Any]:
    """A suppression of acct-7 for a day."""
    body = {"scope": "account", "value": "acct-7", "owner": "platform", "reason": "nightly evaluation"}
    return body | {"until": time.time() + 86_400} | changes


def gather(plane: Plane) -> list[str]:
    """The flags that the policy was asked about, once all are gathered."""
    seen: list[str] = []
    held = plane.stores
    hidden = Suppressions(held.registers.suppressions, held.registers.hits, clock)
    desk = Desk(held.alerts, held.records, on_flag=lambda flag: seen.append(flag.id), suppressions=hidden)
    while desk.gather():
        pass
    return seen


async def test_hidden_flags_ask_nobody_and_are_counted(plane: Plane) -> None:
    """They open no alert and reach no policy, are kept, and raise the counter once each; lifted, the next one asks."""
    async with plane.client("analyst") as client:
        made = (await client.post("/api/v1/suppressions", json=asked())).json()
        plane.store(flags=[a_flag("hidden-1", "acct-7"), a_flag("hidden-2", "acct-7"), a_flag("seen-1", "acct-8")])
        assert gather(plane) == ["seen-1"]
        assert (await client.get("/api/v1/flags/hidden-1")).status_code == 200
        alerts = await client.get("/api/v1/alerts", params={"entity": "acct-7"})
        assert alerts.json()["items"] == []
        (listed,) = (await client.get("/api/v1/suppressions")).json()["items"]
        assert (listed["id"], listed["hits"], listed["state"]) == (made["id"], 2, "in force")
        assert (await client.delete(f"/api/v1/suppressions/{made['id']}")).status_code == 204
        assert (await client.delete(f"/api/v1/suppressions/{made['id']}")).status_code == 409
    plane.store(flags=[a_flag("after", "acct-7")])
    assert gather(plane) == ["after"]
    actions = [entry.act.action for entry in plane.stores.audit.entries(None, 2)]
    assert actions == ["suppression.lifted", "suppression.made"]


async def test_preview_counts_what_it_would_have_hidden(plane: Plane) -> None:
    """By severity and detector, over stored flags, and stores nothing."""
    now = clock()
    flags = [
        a_flag("p-1", "acct-7", flagged_at=now),
        a_flag("p-2", "acct-7", flagged_at=now, reasons=(a_signal(name="volume.tokens"),)),
        a_flag("p-3", "acct-7", flagged_at=now - 40 * 86_400_000_000),
        a_flag("p-4", "acct-8", flagged_at=now),
    ]
    plane.store(flags=flags)
    async with plane.client("viewer") as client:
        every = (await client.post("/api/v1/suppressions/preview", json=asked())).json()
        some = (await client.post("/api/v1/suppressions/preview", json=asked(signal="volume"))).json()
        low = (await client.post("/api/v1/suppressions/preview", json=asked(severity="low"))).json()
        assert (await client.get("/api/v1/suppressions")).json()["items"] == []
    assert (every["flags"], every["looked_at"], every["severities"]) == (2, 2, {"medium": 2})
    assert some["examples"] == ["p-2"]
    assert low["flags"] == 0


async def test_a_suppression_ends(plane: Plane) -> None:
    """One without an end, past or years ahead, is refused."""
    async with plane.client("analyst") as client:
        for until in (time.time() - 1, time.time() + 400 * 86_400):
            answer = await client.post("/api/v1/suppressions", json=asked(until=until))
            assert (answer.status_code, answer.json()["error"]["param"]) == (422, "until")


async def test_an_appeal_is_decided_by_another(people: Plane) -> None:
    """Who made the decision and who filed the appeal do not judge it; granted, the decision is gone at once."""
    throttle = {"scope": "account", "value": "acct-9", "kind": "throttle", "until": time.time() + 3600, "reason": "r"}
    async with people.client("anna") as anna, people.client("adam") as adam, people.client("admin") as admin:
        made = (await anna.post("/api/v1/decisions", json=throttle)).json()["id"]
        filed = await adam.post("/api/v1/appeals", json={"decision": made, "statement": "Our own evaluation."})
        twice = await adam.post("/api/v1/appeals", json={"decision": made, "statement": "Again."})
        assert (filed.status_code, twice.status_code) == (201, 409)
        address = filed.headers["location"]
        word = {"outcome": "granted", "answer": "You are right, and we are sorry."}
        assert (await anna.post(f"{address}/decide", json=word)).status_code == 409
        assert (await adam.post(f"{address}/decide", json=word)).status_code == 409
        assert made in people.decided()
        granted = await admin.post(f"{address}/decide", json=word)
    assert (granted.status_code, granted.json()["state"]) == (200, "granted")
    assert made not in people.decided()
    actions = [entry.act.action for entry in people.stores.audit.entries(None, 3)]
    assert actions == ["decision.removed", "appeal.granted", "appeal.filed"]


async def test_verdicts_give_precision(plane: Plane) -> None:
    """One right and one wrong alert: 1 of 2, with the exact interval; what neither says is null."""
    alerts = [item["id"] for item in await queue(plane)]
    assert len(alerts) == 2
    async with plane.client("analyst") as client:
        before = (await client.get("/api/v1/precision")).json()
        for alert, verdict in zip(alerts, ("true_positive", "benign"), strict=True):
            await client.post(f"/api/v1/alerts/{alert}/close", json={"verdict": verdict})
        after = (await client.get("/api/v1/precision")).json()
    assert (before["items"][0]["precision"], before["alerts"]) == (None, 0)
    rows = {row["detector"]: row for row in after["items"]}
    assert set(rows) == {"all", "coverage", "volume"}
    assert (rows["all"]["precision"], rows["all"]["n"]) == (0.5, 2)
    # Clopper and Pearson's bounds of 1 in 2: 1 - sqrt(0.975), and its mirror.
    assert abs(rows["volume"]["low"] - 0.012579) < 1e-5
    assert abs(rows["volume"]["high"] - 0.987421) < 1e-5


async def queue(plane: Plane) -> list[dict[str, Any]]:
    """What is in the queue."""
    async with plane.client("viewer") as client:
        items: list[dict[str, Any]] = (await client.get("/api/v1/alerts")).json()["items"]
    return items
