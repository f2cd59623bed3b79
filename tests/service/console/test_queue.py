"""The queue: filters, pages, and changes to several alerts at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from service.model.alert import Status
from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from service.review.desk import Desk
from tests.service.api.factories import a_flag

if TYPE_CHECKING:
    from tests.service.console.conftest import House

FIRST, SECOND = (alert_id(Entity(Scope.ACCOUNT, name)) for name in ("acct-1", "team/acct-2"))


def _statuses(house: House) -> set[Status]:
    found = (house.plane.stores.alerts.alert(one) for one in (FIRST, SECOND))
    return {alert.status for alert in found if alert is not None}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        pytest.param("", {FIRST, SECOND}, id="open"),
        pytest.param("?status=all&severity=medium&scope=account", {FIRST, SECOND}, id="all-that-fit"),
        pytest.param("?severity=high", set(), id="too-severe"),
        pytest.param("?assignee=me", set(), id="mine"),
        pytest.param("?entity=team%2Facct-2", {SECOND}, id="one-entity"),
        pytest.param("?status=nonsense&severity=%3Cb%3E", {FIRST, SECOND}, id="unknown-words-filter-nothing"),
    ],
)
async def test_filters_are_in_the_address(house: House, query: str, shown: set[str]) -> None:
    """The address says which alerts are listed."""
    async with house.browser("viewer") as browser:
        page = (await browser.get(f"/console/queue{query}")).text
    assert set(re.findall(r'<tr id="(al-[0-9a-f]+)"', page)) == shown


async def test_pages_have_every_alert_once(house: House) -> None:
    """Going from page to page shows each alert once."""
    house.plane.store(flags=[a_flag(f"more-{n}", f"acct-more-{n:03}") for n in range(70)])
    while Desk(house.plane.stores.alerts, house.plane.stores.records).gather():
        pass
    seen: list[str] = []
    address = ""
    async with house.browser("viewer") as browser:
        for _ in range(3):
            page = (await browser.get(f"/console/queue{address}")).text
            seen += re.findall(r'<tr id="(al-[0-9a-f]+)"', page)
            following = re.search(r'href="/console/queue(\?[^"]*cursor=[^"]+)" rel="next"', page)
            if following is None:
                break
            address = following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 72


async def test_several_are_changed_after_a_preview_and_changed_back(house: House) -> None:
    """The first form only counts; the second changes; undo changes back."""
    chosen = {"verb": "close", "verdict": "benign", "select": [FIRST, SECOND]}
    async with house.browser("analyst") as browser:
        preview = await browser.send("/console/queue/bulk", **chosen)
        assert "Close 2 alerts as benign?" in preview.text
        assert _statuses(house) == {Status.NEW}
        done = await browser.send("/console/queue/bulk", **chosen, confirmed="yes")
        assert _statuses(house) == {Status.CLOSED}
        assert "2 alerts closed" in (await browser.get(done.headers["location"])).text
        await browser.send("/console/queue/bulk", verb="reopen", select=[FIRST, SECOND], confirmed="yes")
    assert _statuses(house) == {Status.NEW}


async def test_what_somebody_else_has_is_left(house: House) -> None:
    """An alert in another's hands is named in the preview and stays as it is."""
    async with house.browser("admin") as other:
        await other.send(f"/console/alerts/{FIRST}/claim")
    async with house.browser("analyst") as browser:
        preview = await browser.send("/console/queue/bulk", verb="claim", select=[FIRST, SECOND])
        assert "Claim 1 alert?" in preview.text
        assert "Left as they are: 1" in preview.text
        await browser.send("/console/queue/bulk", verb="claim", select=[FIRST, SECOND], confirmed="yes")
    alert = house.plane.stores.alerts.alert(FIRST)
    assert alert is not None
    assert alert.assignee.endswith(house.token("admin").split("_")[1])


async def test_closing_several_needs_a_verdict(house: House) -> None:
    """Without a verdict nothing is closed."""
    async with house.browser("analyst") as browser:
        answer = await browser.send("/console/queue/bulk", verb="close", select=[FIRST], confirmed="yes")
    assert answer.status_code == 422
    assert _statuses(house) == {Status.NEW}
