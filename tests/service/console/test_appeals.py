"""Appeals on the page: filed for a customer, decided by somebody else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.service.console.conftest import House

SAID = {"decision": "d-throttle", "statement": "It is <b>our own</b> evaluation."}
ANSWER = {"outcome": "granted", "answer": "You are right, and we are sorry."}


async def test_filed_and_granted_by_another(house: House) -> None:
    """Whoever filed it finds no button to decide it; another does, and the decision is gone by that."""
    async with house.browser("analyst") as anna, house.browser("admin") as adam:
        assert "d-throttle" in (await anna.get("/console/appeals?decision=d-throttle")).text
        assert (await anna.send("/console/appeals", **SAID)).status_code == 303
        assert (await anna.send("/console/appeals", **SAID)).status_code == 409
        (appeal,) = house.plane.stores.registers.appeals.all()
        own, other = [(await one.get("/console/appeals")).text for one in (anna, adam)]
        assert "you had a part in it" in own
        assert "&lt;b&gt;our own" in own
        assert 'value="granted"' not in own
        assert 'value="granted"' in other
        assert (await anna.send(f"/console/appeals/{appeal.id}/decide", **ANSWER)).status_code == 409
        assert (await adam.send(f"/console/appeals/{appeal.id}/decide", **{**ANSWER, "answer": ""})).status_code == 422
        assert "d-throttle" in house.plane.decided()
        assert (await adam.send(f"/console/appeals/{appeal.id}/decide", **ANSWER)).status_code == 303
        assert "d-throttle" not in house.plane.decided()
        assert re.search("granted.*You are right", (await anna.get("/console/appeals")).text, re.DOTALL)
    actions = [entry.act.action for entry in house.plane.stores.audit.entries(None, 3)]
    assert actions == ["decision.removed", "appeal.granted", "appeal.filed"]


async def test_withdrawn(house: House) -> None:
    """The decision stands."""
    async with house.browser("analyst") as browser:
        await browser.send("/console/appeals", **SAID)
        (appeal,) = house.plane.stores.registers.appeals.all()
        assert (await browser.send(f"/console/appeals/{appeal.id}/withdraw")).status_code == 303
        assert (await browser.send(f"/console/appeals/{appeal.id}/withdraw")).status_code == 409
        assert (await browser.send(f"/console/appeals/{appeal.id}/shred")).status_code == 404
    assert "d-throttle" in house.plane.decided()


async def test_a_block_is_an_admins_to_undo(house: House) -> None:
    """An analyst sees the appeal and cannot decide it."""
    async with house.browser("admin") as adam, house.browser("analyst") as anna:
        await adam.send("/console/appeals", decision="d-block", statement="Not us.")
        (appeal,) = house.plane.stores.registers.appeals.all()
        assert "needs the role admin" in (await anna.get("/console/appeals")).text
        assert (await anna.send(f"/console/appeals/{appeal.id}/decide", **ANSWER)).status_code == 403
