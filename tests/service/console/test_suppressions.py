"""Suppressions on the page: previewed, made and lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.control import clock
from tests.service.api.factories import a_flag

if TYPE_CHECKING:
    from tests.service.console.conftest import House

FORM = {
    "scope": "account", "value": "acct-new", "severity": "medium", "signal": "", "days": "30",
    "owner": "platform team", "reason": "their nightly evaluation",
}  # fmt: skip


async def test_previewed_made_and_lifted(house: House) -> None:
    """A preview stores nothing and counts; the form makes it, with its owner; lifting ends it and keeps it listed."""
    register = house.plane.stores.registers.suppressions
    house.plane.store(flags=[a_flag("flag-new", "acct-new", flagged_at=clock())])
    async with house.browser("analyst") as browser:
        assert "hidden <strong>1</strong> of 1" in (await browser.send("/console/suppressions/preview", **FORM)).text
        assert not register.all()
        assert (await browser.send("/console/suppressions", **FORM)).status_code == 303
        (made,) = register.all()
        assert (made.owner, made.reason) == ("platform team", "their nightly evaluation")
        assert "platform team" in (await browser.get("/console/suppressions")).text
        await browser.send(f"/console/suppressions/{made.id}/lift")
        assert (await browser.send(f"/console/suppressions/{made.id}/lift")).status_code == 409
    assert register.all()[0].lifted is not None


async def test_an_owner_is_needed(house: House) -> None:
    """Without somebody who answers for it nothing is hidden."""
    async with house.browser("analyst") as browser:
        answer = await browser.send("/console/suppressions", **{**FORM, "owner": " "})
    assert answer.status_code == 422
    assert not house.plane.stores.registers.suppressions.all()
