"""The first page: what waits, how long it took, and the traffic."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from tests.contracts.factories import SECOND, T0, an_event

if TYPE_CHECKING:
    from tests.service.console.conftest import House

PAGE = f"/console/alerts/{alert_id(Entity(Scope.ACCOUNT, 'acct-1'))}"
SERIES = re.compile(r'id="traffic" data-series="([^"]*)"')


async def test_an_empty_log_says_what_fills_it(house: House) -> None:
    """Where there is nothing to draw there is no chart."""
    async with house.browser("viewer") as browser:
        assert "No query is in the log yet" in (await browser.get("/console")).text


async def test_the_bars_add_up(house: House) -> None:
    """Forty queries over ten minutes are forty in the chart and forty in its table."""
    house.plane.store(events=[an_event(n, done=T0 + 15 * n * SECOND) for n in range(40)])
    async with house.browser("viewer") as browser:
        page = (await browser.get("/console")).text
    found = SERIES.search(page)
    assert found is not None
    series = json.loads(html.unescape(found[1]))
    assert (len(series["at"]), sum(series["queries"])) == (48, 40)
    table = page.partition('aria-label="Traffic"')[2].partition("</table>")[0]
    assert [int(cell) for cell in re.findall(r'<td class="number">(\d+)</td>', table)] == series["queries"]


async def test_time_to_review_is_told_once_there_is_any(house: House) -> None:
    """It is the median from the flag to the verdict, with how many alerts it is of."""
    async with house.browser("analyst") as browser:
        assert "median of" not in (await browser.get("/console")).text
        await browser.send(f"{PAGE}/decide", verdict="benign", text="an evaluation")
        assert "median of 1" in (await browser.get("/console")).text
