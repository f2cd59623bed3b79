"""Campaigns on their pages: who, why they belong together, and corrections by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.console.graph import MOST, graph
from service.model.decision import Kind
from service.model.entity import Entity, Scope
from service.model.link import Link, LinkKind
from service.review.alerts import alert_id
from service.review.desk import Desk
from tests.contracts.factories import AN_ACT
from tests.service.api.factories import a_decision, a_flag, a_state

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


async def test_an_old_id_leads_to_the_campaign_that_it_is_part_of(house: House) -> None:
    """From its alert and its address, and that one names what became of the old one's alert."""
    stores = house.plane.stores
    old, whole = (Entity(Scope.CAMPAIGN, name) for name in ("c-0", "c-1"))
    house.plane.store(flags=[a_flag("flag-old", entity=old, members=MEMBERS[:3], links=LINKS[:1])])
    desk = Desk(stores.alerts, stores.records, corrections=stores.registers.corrections)
    while desk.gather():
        pass
    stores.decisions.add(a_decision("d-old", Kind.THROTTLE, entity=old), AN_ACT)
    house.plane.store(flags=[a_flag("flag-whole", entity=whole, members=MEMBERS, links=LINKS, joined=("c-0",))])
    while desk.gather():
        pass
    async with house.browser("analyst") as browser:
        before = (await browser.get(f"/console/alerts/{alert_id(old)}")).text
        after = (await browser.get(f"/console/alerts/{alert_id(whole)}")).text
        page = (await browser.get("/console/campaigns/c-0")).text
    assert f'href="/console/alerts/{alert_id(whole)}" id="to-became"' in before
    assert 'href="/console/campaigns/c-1"' in before
    assert "Closed as <strong>duplicate</strong>" in before
    assert 'id="became"' not in after
    assert f'href="/console/alerts/{alert_id(old)}">c-0</a>' in after
    assert "throttle" in after[after.index("<dt>Decisions") : after.index('id="decision"')]
    assert f'href="/console/alerts/{alert_id(whole)}" id="to-alert"' in page


def test_a_large_campaign_is_drawn_in_part() -> None:
    """Of more accounts than can be told apart evenly chosen ones are drawn, and the rest counted."""
    many = [f"acct-{n:04}" for n in range(1_000)]
    drawn = graph(many, [Link(LinkKind.SYSTEM, tuple(many), 1.0, 0.0, 0, "one system prompt")])
    assert len(drawn.accounts) <= MOST
    assert len(drawn.accounts) + drawn.left_out == 1_000
    assert len(drawn.lines) == len(drawn.accounts)
