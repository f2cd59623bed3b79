"""Saved views: a name for what the queue is asked, for everybody; and declared jobs on their page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.control import clock
from service.review.desk import Desk
from service.review.suppressions import Suppressions
from tests.service.api.factories import a_flag
from tests.service.console.test_pages import AN_ALERT

if TYPE_CHECKING:
    from tests.service.console.conftest import House

JOB = {
    "account": "acct-new", "job": "evaluation", "budget": "5000", "job_days": "7", "job_owner": "platform team",
    "job_reason": "their nightly run",
}  # fmt: skip


async def test_a_view_is_saved_for_everybody(house: House) -> None:
    """It is a link in the queue, marked where one is; another's is an admin's to remove."""
    async with house.browser("analyst") as anna, house.browser("admin") as adam:
        asked = "assignee=nobody&severity=high&cursor=x&select=al-1"
        assert 'id="save-view"' in (await anna.get("/console/queue?severity=high&assignee=nobody")).text
        saved = await anna.send("/console/views", name="Urgent <1>", query=asked)
        assert saved.headers["location"] == "/console/queue?severity=high&assignee=nobody"
        page = (await adam.get(saved.headers["location"])).text
        assert 'href="/console/queue?severity=high&amp;assignee=nobody"' in page
        assert "Urgent &lt;1&gt;" in page
        assert 'id="remove-view"' in page
        assert (await anna.send("/console/views", name="Urgent <1>", query=asked)).status_code == 409
        await adam.send("/console/views", name="Theirs", query="status=closed")
        assert (await anna.send("/console/views/Theirs/remove")).status_code == 403
        assert (await adam.send("/console/views/Urgent%20%3C1%3E/remove")).status_code == 303
        assert (await adam.send("/console/views/Urgent%20%3C1%3E/remove")).status_code == 404
        assert "Urgent" not in (await anna.get("/console/queue")).text


async def test_a_view_of_everything_is_none(house: House) -> None:
    """Nothing asked is nothing to save, and a name with a slash would lead elsewhere."""
    async with house.browser("analyst") as anna:
        for fields in ({"name": "All", "query": "cursor=x"}, {"name": "a/b", "query": "status=closed"}):
            assert (await anna.send("/console/views", **fields)).status_code == 422
    assert not house.plane.stores.registers.views.all()


async def test_a_job_is_previewed_declared_and_taken_back(house: House) -> None:
    """A preview stores nothing; the job is listed with owner and reason, and stays so once it is taken back."""
    register = house.plane.stores.registers.declarations
    house.plane.store(flags=[a_flag("flag-new", "acct-new", flagged_at=clock())])
    async with house.browser("analyst") as browser:
        assert "<strong>1</strong> of 1" in (await browser.send("/console/declarations/preview", **JOB)).text
        assert not register.all()
        assert (await browser.send("/console/declarations", **JOB)).status_code == 303
        page = (await browser.get("/console/suppressions")).text
        assert all(word in page for word in ("acct-new", "platform team", "their nightly run", "5,000"))
        assert (await browser.send("/console/declarations/acct-new/withdraw")).status_code == 303
        assert (await browser.send("/console/declarations/acct-new/withdraw")).status_code == 404
    assert register.all()[0].removed is not None


async def test_half_a_job_is_refused(house: House) -> None:
    """Without an owner, with a budget that is no number, or for years, nothing is declared."""
    async with house.browser("analyst") as browser:
        for changed in ({"job_owner": " "}, {"budget": "many"}, {"budget": "0"}, {"job_days": "9999"}, {"job": "x"}):
            assert (await browser.send("/console/declarations", **{**JOB, **changed})).status_code == 422, changed
    assert not house.plane.stores.registers.declarations.all()


async def test_what_a_job_eases_is_counted_once(house: House) -> None:
    """A flag that says that a job was declared is a hit of it, whoever gathers it."""
    held = house.plane.stores
    house.plane.store(flags=[a_flag("eased", "acct-new", against={"declared": "a declared job"}), a_flag("not", "b")])
    desk = Desk(
        held.alerts, held.records, suppressions=Suppressions(held.registers.suppressions, held.registers.hits, clock)
    )
    while desk.gather():
        pass
    assert {name: hit.count for name, hit in held.registers.hits.all("declared:").items()} == {"declared:acct-new": 1}


async def test_precision_is_beside_the_detectors(house: House) -> None:
    """Not known without a verdict; with one, it has its interval and n."""
    async with house.browser("analyst") as browser:
        assert "is not known yet" in (await browser.get("/console/detectors")).text


async def test_a_verdict_gives_precision(house: House) -> None:
    """One alert closed as right is 100 %, and its interval says how little that tells."""
    async with house.browser("analyst") as browser:
        await browser.send(f"/console/alerts/{AN_ALERT}/decide", verdict="true_positive")
        page = (await browser.get("/console/detectors")).text
    # Clopper and Pearson's lower bound of 1 in 1 is 0.025.
    assert "<strong>100 %</strong> (95 % interval 2.5 % to 100 %, n = 1 of 1 closed alerts)" in page
