"""The queue over HTTP: reading it, and changing what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from service.review.desk import Desk
from tests.service.api.factories import a_flag

if TYPE_CHECKING:
    from tests.service.api.conftest import Plane

ALERT = alert_id(Entity(Scope.ACCOUNT, "acct-1"))


async def post(plane: Plane, verb: str, identity: str = "analyst", **body: Any) -> Any:
    """A change of the alert of ``acct-1``."""
    async with plane.client(identity) as client:
        return await client.post(f"/api/v1/alerts/{ALERT}/{verb}", json=body)


async def read(plane: Plane, path: str, identity: str = "viewer") -> Any:
    """A document."""
    async with plane.client(identity) as client:
        return (await client.get(f"/api/v1/alerts{path}")).json()


async def test_the_queue_holds_what_is_not_closed(plane: Plane) -> None:
    """A closed alert is found by its status only."""
    assert len((await read(plane, ""))["items"]) == 2
    await post(plane, "close", verdict="benign")
    assert [item["id"] for item in (await read(plane, ""))["items"]] != [ALERT]
    (closed,) = (await read(plane, "?status=closed"))["items"]
    assert (closed["id"], closed["verdict"]) == (ALERT, "benign")


async def test_an_alert_shows_all_that_belongs_to_it(plane: Plane) -> None:
    """Its flags with their reasons, its notes and the decisions about its entity."""
    await post(plane, "notes", text="Asked their account manager.")
    alert = await read(plane, f"/{ALERT}")
    assert [flag["id"] for flag in alert["evidence"]] == ["flag-2", "flag-1"]
    assert [note["text"] for note in alert["notes"]] == ["Asked their account manager."]
    assert {made["id"] for made in alert["decisions"]} <= {"d-throttle", "d-block"}
    assert alert["evidence"][0]["reasons"]


async def test_a_claim_keeps_others_away(plane: Plane) -> None:
    """Until it is released; each change is noted and audited."""
    assert (await post(plane, "claim")).json()["status"] == "in_review"
    refused = await post(plane, "close", "admin", verdict="benign")
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "not_allowed"
    assert (await post(plane, "release")).json()["assignee"] is None
    assert (await post(plane, "close", "admin", verdict="true_positive", text="case 17")).status_code == 200
    kinds = [note["kind"] for note in (await read(plane, f"/{ALERT}"))["notes"]]
    assert kinds == ["alert.claimed", "alert.released", "alert.closed"]
    async with plane.client("admin") as client:
        entries = (await client.get("/api/v1/audit?limit=3")).json()["items"]
    assert [entry["action"] for entry in entries] == kinds[::-1]
    assert entries[0]["detail"]["text"] == "case 17"


async def test_a_change_of_what_has_changed_is_refused(plane: Plane) -> None:
    """Whoever names the version they saw passes over nobody."""
    seen = (await read(plane, f"/{ALERT}"))["version"]
    assert (await post(plane, "claim", version=seen)).status_code == 200
    stale = await post(plane, "wait", version=seen)
    assert stale.status_code == 409
    assert stale.json()["error"]["code"] == "stale"


async def test_mine_are_those_that_i_claimed(plane: Plane) -> None:
    """By the token that asks."""
    assert not (await read(plane, "?assignee=me", "analyst"))["items"]
    await post(plane, "claim")
    assert [item["id"] for item in (await read(plane, "?assignee=me", "analyst"))["items"]] == [ALERT]
    assert not (await read(plane, "?assignee=me", "admin"))["items"]


async def test_a_closed_alert_opens_again_when_something_changed(plane: Plane) -> None:
    """And says what; a person opens it at any time."""
    await post(plane, "close", verdict="insufficient_data")
    plane.store(flags=[a_flag("flag-9", queries=100_000)])
    while Desk(plane.stores.alerts, plane.stores.records).gather():
        pass
    alert = await read(plane, f"/{ALERT}")
    assert alert["status"] == "new"
    assert "100,000 queries" in alert["reopened"]
    assert alert["verdict"] == "insufficient_data"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        pytest.param({}, "verdict", id="no-verdict"),
        pytest.param({"verdict": "guilty"}, "verdict", id="no-such-verdict"),
        pytest.param({"verdict": "benign", "version": "2"}, "version", id="version-as-text"),
        pytest.param({"verdict": "benign", "ban": True}, "ban", id="unknown-field"),
        pytest.param({"verdict": "benign", "text": "x" * 4001}, "text", id="too-long"),
    ],
)
async def test_a_close_that_says_too_little_is_refused(plane: Plane, body: dict[str, Any], param: str) -> None:
    """With the field that is wrong; the alert stays as it was."""
    answer = await post(plane, "close", **body)
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == param
    assert (await read(plane, f"/{ALERT}"))["status"] == "new"


async def test_unknown_alerts_are_not_found(plane: Plane) -> None:
    """Whatever is asked of them."""
    async with plane.client("analyst") as client:
        assert (await client.get("/api/v1/alerts/al-0")).status_code == 404
        assert (await client.post("/api/v1/alerts/al-0/claim", json={})).status_code == 404
        assert (await client.post("/api/v1/alerts/al-0/notes", json={"text": "x"})).status_code == 404
