"""Campaigns on their pages: who, why they belong together, and corrections by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.console.graph import MOST, graph
from service.model.entity import Entity, Scope
from service.model.link import Link, LinkKind
from tests.service.api.factories import a_flag, a_state

if TYPE_CHECKING:
    from tests.service.console.conftest import House

MEMBERS = tuple(f"acct-{n:02}" for n in range(12))
LINKS = (
    Link(LinkKind.SKELETON, MEMBERS, 0.99, 0.01, 400, "12 accounts send one template"),
    Link(LinkKind.TIMING, MEMBERS[:4], 0.6, 0.4, 400, "4 accounts are active in the same seconds"),
)


def store_campaign(house: House) -> None:
    """A campaign of twelve accounts, ``c-1``."""
    entity = Entity(Scope.CAMPAIGN, "c-1")
    house.plane.store(
        flags=[a_flag("flag-c", entity=entity, members=MEMBERS, links=LINKS)],
        entities={Entity(Scope.ACCOUNT, name): a_state() for name in MEMBERS},
    )


async def test_a_campaign_says_who_and_why(house: House) -> None:
    """Every link with its evidence and benign share, every member, and a drawing of both."""
    store_campaign(house)
    async with house.browser("viewer") as browser:
        assert "c-1" in (await browser.get("/console/campaigns")).text
        page = (await browser.get("/console/campaigns/c-1")).text
    for shown in ("12 accounts send one template", "4 accounts are active", "1 % <span", "acct-11"):
        assert shown in page
    assert page.count('class="account"') == len(MEMBERS)
    assert len(re.findall(r'<line [^>]*class="tie tie-skeleton"', page)) == len(MEMBERS)


async def test_members_are_taken_out_by_hand(house: House) -> None:
    """An account taken out is no member any more; the act, with its reason, is in the audit log."""
    store_campaign(house)
    async with house.browser("analyst") as browser:
        refused = await browser.send("/console/campaigns/c-1/exclude", account="acct-03", reason="")
        done = await browser.send("/console/campaigns/c-1/exclude", account="acct-03", reason="a course's teacher")
        page = (await browser.get("/console/campaigns/c-1")).text
    assert (refused.status_code, done.status_code) == (422, 303)
    assert "campaign</span> of 11 accounts" in page
    entry = house.plane.stores.audit.head()
    assert entry is not None
    assert (entry.act.action, entry.act.detail["reason"]) == ("campaign.excluded", "a course's teacher")


def test_a_large_campaign_is_drawn_in_part() -> None:
    """Of more accounts than can be told apart evenly chosen ones are drawn, and the rest counted."""
    many = [f"acct-{n:04}" for n in range(1_000)]
    drawn = graph(many, [Link(LinkKind.SYSTEM, tuple(many), 1.0, 0.0, 0, "one system prompt")])
    assert len(drawn.accounts) <= MOST
    assert len(drawn.accounts) + drawn.left_out == 1_000
    assert len(drawn.lines) == len(drawn.accounts)
