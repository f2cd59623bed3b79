"""Campaigns over HTTP: read, corrected by hand, audited."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.model.decision import Kind
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.link import Link, LinkKind, Odometer
from tests.contracts.factories import AN_ACT
from tests.service.api.factories import HOUR, a_decision, a_flag, a_state

if TYPE_CHECKING:
    from service.model.flag import Flag
    from tests.service.api.conftest import Plane

MEMBERS = ("acct-1", "acct-2", "acct-3")
WHY = {"reason": "one company, by its contract"}


def a_campaign(name: str, members: tuple[str, ...] = MEMBERS, **changes: Any) -> Flag:
    """Its flag."""
    return a_flag(
        f"flag-{name}",
        entity=Entity(Scope.CAMPAIGN, name),
        members=members,
        links=(Link(LinkKind.SKELETON, members, 0.999, 0.001, 2_000, "one template"),),
        odometer=Odometer(12, 4_800, 0.05),
        **changes,
    )


def seen(plane: Plane, *flags: Flag) -> None:
    """Store campaigns and rows of their members."""
    state = a_state()
    entities = {Entity(Scope.ACCOUNT, name): state for flag in flags for name in flag.members}
    plane.store(flags=list(flags), entities=entities)


async def test_a_campaign_is_one_thing(plane: Plane) -> None:
    """With members, links that say why, what it took, and its newest flag."""
    seen(plane, a_campaign("c1"))
    async with plane.client("viewer") as client:
        (listed,) = (await client.get("/api/v1/campaigns")).json()["items"]
        shown = (await client.get("/api/v1/campaigns/c1")).json()
        flag = (await client.get("/api/v1/flags/flag-c1")).json()
    assert (listed["id"], listed["accounts"], listed["kinds"]) == ("c1", 3, ["skeleton"])
    assert listed.items() <= shown.items()
    assert [member["account"] for member in shown["members"]] == list(MEMBERS)
    assert shown["odometer"] == {"queries": 12, "output_tokens": 4_800, "topics": 0.05}
    assert shown["links"] == flag["links"]
    assert shown["evidence"] == flag
    assert flag["members"] == list(MEMBERS)


async def test_campaigns_that_are_seen_to_be_one_are_listed_once(plane: Plane) -> None:
    """Under the id that stays, which either id leads to."""
    seen(plane, a_campaign("c2", MEMBERS[:2]), a_campaign("c1", joined=("c2",)))
    async with plane.client("viewer") as client:
        (listed,) = (await client.get("/api/v1/campaigns")).json()["items"]
        shown = (await client.get("/api/v1/campaigns/c2")).json()
        flag = (await client.get("/api/v1/flags/flag-c1")).json()
    assert (listed["id"], listed["joined"], listed["accounts"]) == ("c1", ["c2"], 3)
    assert (shown["id"], flag["joined"]) == ("c1", ["c2"])


async def test_who_was_taken_out_under_an_old_id_is_let_in_under_the_one_that_stays(plane: Plane) -> None:
    """At once with another that was taken out since; whoever was not is refused."""
    seen(plane, a_campaign("c2", MEMBERS[:2]))
    async with plane.client("analyst") as client:
        await client.post("/api/v1/campaigns/c2/exclude", json={"accounts": ["acct-2"], **WHY})
        seen(plane, a_campaign("c1", joined=("c2",), flagged_at=a_flag().flagged_at + HOUR))
        out = (await client.post("/api/v1/campaigns/c1/exclude", json={"accounts": ["acct-3"], **WHY})).json()
        refused = await client.post("/api/v1/campaigns/c1/include", json={"accounts": ["acct-1", "acct-2"], **WHY})
        body = {"accounts": ["acct-2", "acct-3"], **WHY}
        again = (await client.post("/api/v1/campaigns/c1/include", json=body)).json()
    assert (out["excluded"], out["accounts"]) == (["acct-2", "acct-3"], 1)
    assert (refused.status_code, again["excluded"], again["accounts"]) == (409, [], 3)
    acts = [entry.act.action for entry in plane.stores.audit.entries(None, 3)]
    assert acts == ["campaign.included", "campaign.excluded", "campaign.excluded"]


async def test_the_listing_pages_and_filters(plane: Plane) -> None:
    """Seen last first, each once, at least of a severity, or with an account in it."""
    last = a_flag().last_seen
    flags = [a_campaign(f"c{n}", (f"m-{n}", "m-all"), last_seen=last + n // 2 * HOUR) for n in range(5)]
    seen(plane, *flags, a_campaign("high", ("m-9", "m-10"), severity=Severity.HIGH))
    async with plane.client("viewer") as client:
        names, cursor = [], None
        while True:
            asked: dict[str, str] = {"limit": "2", "account": "m-all"} | ({"cursor": str(cursor)} if cursor else {})
            page = (await client.get("/api/v1/campaigns", params=asked)).json()
            names += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        high = (await client.get("/api/v1/campaigns", params={"severity": "high"})).json()["items"]
    assert names == ["c4", "c3", "c2", "c1", "c0"]
    assert [item["id"] for item in high] == ["high"]


async def test_members_page_by_name(plane: Plane) -> None:
    """All of them, whatever the size of a page."""
    members = tuple(f"m-{n:02d}" for n in range(7))
    seen(plane, a_campaign("c1", members))
    async with plane.client("viewer") as client:
        first = (await client.get("/api/v1/campaigns/c1/members", params={"limit": 4})).json()
        asked = {"limit": 4, "cursor": first["next"]}
        second = (await client.get("/api/v1/campaigns/c1/members", params=asked)).json()
    assert [item["account"] for page in (first, second) for item in page["items"]] == list(members)
    assert second["next"] is None


async def test_an_exclusion_holds_when_more_is_found(plane: Plane) -> None:
    """The account stays out of the next flag's campaign too, and may be let in again; each act is in the audit log."""
    seen(plane, a_campaign("c1"))
    async with plane.client("analyst") as client:
        body = {"accounts": ["acct-2"], **WHY}
        after = (await client.post("/api/v1/campaigns/c1/exclude", json=body)).json()
        seen(plane, a_campaign("c1", (*MEMBERS, "acct-4"), id="later", flagged_at=a_flag().flagged_at + HOUR))
        grown = (await client.get("/api/v1/campaigns/c1")).json()
        again = (await client.post("/api/v1/campaigns/c1/include", json=body)).json()
    assert [member["account"] for member in after["members"]] == ["acct-1", "acct-3"]
    assert [member["account"] for member in grown["members"]] == ["acct-1", "acct-3", "acct-4"]
    assert (grown["excluded"], again["excluded"], again["accounts"]) == (["acct-2"], [], 4)
    acts = [(entry.act.action, entry.act.detail["reason"]) for entry in plane.stores.audit.entries(None, 2)]
    assert acts == [("campaign.included", WHY["reason"]), ("campaign.excluded", WHY["reason"])]


async def test_merge_and_split(plane: Plane) -> None:
    """A merged campaign answers under either id; accounts that are split off are a campaign of their own."""
    seen(plane, a_campaign("c1"), a_campaign("c2", ("acct-8", "acct-9")))
    async with plane.client("analyst") as client:
        whole = (await client.post("/api/v1/campaigns/c2/merge", json={"into": "c1", **WHY})).json()
        assert (await client.get("/api/v1/campaigns/c2")).json()["id"] == "c1"
        twice = await client.post("/api/v1/campaigns/c2/merge", json={"into": "c1", **WHY})
        body = {"accounts": ["acct-8"], **WHY}
        rest = (await client.post("/api/v1/campaigns/c1/split", json=body)).json()
    assert (whole["id"], whole["accounts"], whole["merged"]) == ("c1", 5, ["c2"])
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "not_allowed")
    assert [member["account"] for member in rest["members"]] == ["acct-1", "acct-2", "acct-3", "acct-9"]


async def test_who_comes_after_a_block_is_told_as_a_successor(plane: Plane) -> None:
    """With the decision beside it."""
    block = a_decision("d-1", Kind.BLOCK, entity=Entity(Scope.ACCOUNT, "acct-2"))
    plane.stores.decisions.add(block, AN_ACT)
    seen(plane, a_campaign("c1"))
    heir = replace(a_state(), first_seen=block.created + HOUR, last_seen=block.created + HOUR)
    plane.store(entities={Entity(Scope.ACCOUNT, "acct-3"): heir})
    async with plane.client("viewer") as client:
        shown = (await client.get("/api/v1/campaigns/c1")).json()
    (link,) = [link for link in shown["links"] if link["kind"] == "succession"]
    assert link["accounts"] == ["acct-3"]
    assert "d-1" in [decision["id"] for decision in shown["decisions"]]


async def test_what_does_not_fit_is_refused(plane: Plane) -> None:
    """A stranger, a campaign that is not there, a viewer."""
    seen(plane, a_campaign("c1"))
    async with plane.client("analyst") as client:
        stranger = await client.post("/api/v1/campaigns/c1/exclude", json={"accounts": ["acct-9"], **WHY})
        nowhere = await client.post("/api/v1/campaigns/c9/exclude", json={"accounts": ["acct-1"], **WHY})
        gone = await client.get("/api/v1/campaigns/c9")
    async with plane.client("viewer") as client:
        denied = await client.post("/api/v1/campaigns/c1/split", json={"accounts": ["acct-1"], **WHY})
    assert [answer.status_code for answer in (stranger, nowhere, gone, denied)] == [409, 404, 404, 403]
