"""What sets the threshold of what was learnt, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.model.account_day import AccountDay
from service.model.decision import Kind
from service.model.entity import Entity, Scope
from service.review.highest import save
from tests.contracts.factories import AN_ACT
from tests.service.api.factories import NOVEMBER, SECOND, a_decision

if TYPE_CHECKING:
    from tests.service.api.conftest import Plane

DAYS = [
    AccountDay("acct-1", NOVEMBER + SECOND, 640, 0.99),
    AccountDay("team/acct-2", NOVEMBER, 320, 0.75),
    AccountDay("acct-3", NOVEMBER, 40, 0.5),
]


async def standings(plane: Plane) -> list[str]:
    """Of the three, as the API says now."""
    async with plane.client("viewer") as client:
        items = (await client.get("/api/v1/baseline/highest")).json()["items"]
    assert [item["account"] for item in items] == [day.account for day in DAYS]
    return [item["standing"] for item in items]


async def test_nothing_was_learnt(plane: Plane) -> None:
    """An empty list of no version is no error."""
    async with plane.client("viewer") as client:
        answer = await client.get("/api/v1/baseline/highest")
    assert (answer.status_code, answer.json()) == (200, {"version": None, "learnt": None, "items": []})


async def test_the_last_learning_is_shown(plane: Plane) -> None:
    """With its version, when it was, and each account-day as it was kept."""
    save(plane.stores.baselines, "v-old", DAYS[1:], NOVEMBER)
    save(plane.stores.baselines, "v-new", DAYS, NOVEMBER + 2 * SECOND)
    async with plane.client("viewer") as client:
        found = (await client.get("/api/v1/baseline/highest")).json()
    assert (found["version"], found["learnt"]) == ("v-new", "2026-11-01T00:00:02.000000Z")
    first = {"account": "acct-1", "at": "2026-11-01T00:00:01.000000Z", "queries": 640, "score": 0.99}
    assert found["items"][0] == {**first, "standing": "left_out"}


async def test_standing_follows_the_decisions(plane: Plane) -> None:
    """Any other decision leaves out, also one that is over; a real allow wins; an org of the same name is another."""
    save(plane.stores.baselines, "v", DAYS, NOVEMBER)
    decisions, second = plane.stores.decisions, Entity(Scope.ACCOUNT, "team/acct-2")
    assert await standings(plane) == ["left_out", "open", "open"]
    decisions.add(a_decision("d-1", Kind.ANNOTATE, entity=second, simulated=True, until=1), AN_ACT)
    decisions.add(a_decision("d-2", Kind.BLOCK, entity=Entity(Scope.ORG, "acct-3")), AN_ACT)
    decisions.add(a_decision("d-3", Kind.ALLOW, simulated=True), AN_ACT)
    assert await standings(plane) == ["left_out", "left_out", "open"]
    decisions.add(a_decision("d-4", Kind.ALLOW, created=NOVEMBER - 1), AN_ACT)
    decisions.add(a_decision("d-5", Kind.ALLOW, entity=second, created=NOVEMBER + 1), AN_ACT)
    assert await standings(plane) == ["vouched", "vouched", "open"]
    for made in ("d-1", "d-5"):
        decisions.remove(made, AN_ACT)
    assert await standings(plane) == ["vouched", "open", "open"]
