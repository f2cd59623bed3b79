"""What sets the threshold: the table on the page of the detectors, from which a reviewer decides."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from service.model.account_day import AccountDay
from service.model.entity import Entity, Scope
from service.review.highest import SHOWN, save
from tests.service.api.factories import NOVEMBER, SECOND, a_state

if TYPE_CHECKING:
    from tests.service.console.conftest import Browser, House

NAMES = ["acct-1", "team/acct-9", *(f"acct-x{number}" for number in range(98))]
DAYS = [AccountDay(name, NOVEMBER + 3661 * SECOND, 1_640, 0.9876 - 0.001 * n) for n, name in enumerate(NAMES)]
ROW = re.compile(r'<tr><th scope="row"><a class="mono" href="([^"]+)">([^<]+)</a></th>(.*?)</tr>')


async def table(browser: Browser) -> list[tuple[str, str, list[str]]]:
    """Link, name and cells of each row."""
    page = (await browser.get("/console/detectors")).text
    shown = page[page.index('id="days"') :]
    return [
        (unescape(to), unescape(name), re.findall(r"<td[^>]*>([^<]*)</td>", rest))
        for to, name, rest in ROW.findall(shown)
    ]


async def test_nothing_was_learnt(house: House) -> None:
    """The section is there, and says when there will be something, and what tells how much is missing."""
    async with house.browser("viewer") as browser:
        page = (await browser.get("/console/detectors")).text
    section = page[page.index('id="highest"') :]
    assert "Nothing was learnt" in section
    assert "revenuer baseline learn" in section
    assert "<table" not in section


async def test_the_highest_are_listed_with_their_state(house: House) -> None:
    """The first twenty of those kept, each with a link to its page, where the form is that changes its state."""
    save(house.plane.stores.baselines, "v-1", DAYS, NOVEMBER)
    house.plane.store(entities={Entity(Scope.ACCOUNT, "team/acct-9"): a_state()})
    async with house.browser("admin") as browser:
        rows = await table(browser)
        assert [name for _, name, _ in rows] == NAMES[:SHOWN]
        assert rows[0][2] == ["1 Nov 2026 01:01", "1,640", "0.988", "left out at the next learning"]
        to, _, cells = rows[1]
        assert cells[-1] == "not looked at"
        page = await browser.get(to)
        assert page.status_code == 200
        assert 'value="team/acct-9"' in page.text
        fields = {
            "scope": "account",
            "value": "team/acct-9",
            "kind": "annotate",
            "simulated": "yes",
            "text": "looked at",
        }
        assert (await browser.send("/console/decisions", **fields)).status_code == 303
        assert (await table(browser))[1][2][-1] == "left out at the next learning"
        assert (
            await browser.send("/console/decisions", **{**fields, "kind": "allow", "simulated": ""})
        ).status_code == 303
        assert (await table(browser))[1][2][-1] == "vouched for"
