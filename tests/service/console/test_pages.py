"""Every page for every identity, from the table that the router itself reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.api.access import Role
from service.console.routes import PAGES, Entry
from service.console.visit import POLICY
from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from tests.service.console.test_campaigns import store_campaign

if TYPE_CHECKING:
    from tests.service.console.conftest import House

AN_ALERT = alert_id(Entity(Scope.ACCOUNT, "acct-1"))
PARTS = {
    "/alerts/{id}": f"/alerts/{AN_ALERT}",
    "/campaigns/{id}": "/campaigns/c-1",
    "/accounts/{scope}/{value:path}": "/accounts/account/team%2Facct-2",
}
READ = [entry for entry in PAGES if entry.method == "GET" and isinstance(entry.needs, Role)]
CHANGED = [entry for entry in PAGES if entry.method == "POST" and isinstance(entry.needs, Role)]


def _address(entry: Entry) -> str:
    path = PARTS.get(entry.path, entry.path)
    for name in ("{id}", "{verb}", "{name}", "{account:path}"):
        path = path.replace(name, "x")
    return f"/console{path}"


@pytest.mark.parametrize("role", ["viewer", "analyst", "admin"])
async def test_pages_are_shown_to_whom_the_table_says(house: House, role: str) -> None:
    """A page is whole for a role that covers it, and refused as a page to one that does not."""
    store_campaign(house)
    async with house.browser(role) as browser:
        for entry in READ:
            answer = await browser.get(_address(entry))
            covered = isinstance(entry.needs, Role) and Role(role).covers(entry.needs)
            assert answer.status_code == (200 if covered else 403), entry.path
            assert answer.text.rstrip().endswith("</html>")
            assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("identity", ["anonymous", "caller", "revoked", "expired", "forged"])
async def test_nobody_comes_in_unsigned(house: House, identity: str) -> None:
    """Whoever has not signed in, or shows what opens nothing, is sent to the door; a form of theirs changes nothing."""
    headers = house.plane.headers.get(identity, {"Cookie": f"revenuer={'A' * 43}"})
    async with house.browser() as browser:
        for entry in (*READ, *CHANGED):
            answer = await browser.client.request(entry.method, _address(entry), headers=headers)
            assert answer.status_code == 303, entry.path
            assert answer.headers["location"].startswith("/console/sign-in"), entry.path


async def test_changes_need_their_role(house: House) -> None:
    """A viewer's form is refused wherever the table asks for more."""
    async with house.browser("viewer") as browser:
        for entry in CHANGED:
            if entry.needs is not Role.VIEWER:
                answer = await browser.send(_address(entry), next="/console/queue")
                assert answer.status_code == 403, entry.path


async def test_a_form_of_another_site_is_refused(house: House) -> None:
    """Without the session's token, with another, or from another origin, nothing is done."""
    elsewhere = {"Origin": "https://elsewhere.example"}
    async with house.browser("admin") as browser:
        for entry in CHANGED:
            forged = [
                await browser.client.post(_address(entry), data={}),
                await browser.client.post(_address(entry), data={"csrf": "A" * 64}),
                await browser.client.post(_address(entry), data={"csrf": browser.csrf}, headers=elsewhere),
            ]
            assert [answer.status_code for answer in forged] == [403] * 3, entry.path
        head = house.plane.stores.audit.head()
    assert head is not None
    assert head.act.action == "session.opened"


async def test_the_pages_need_no_script_and_nothing_from_elsewhere(house: House) -> None:
    """No page has a script or style of its own, an event handler, or an address on another server."""
    async with house.browser("admin") as browser:
        pages = [(await browser.get(_address(entry))).text for entry in READ]
    for page in pages:
        for banned in ("<style", " style=", " onclick=", " onload=", "javascript:", "http://", "https://", "hx-on"):
            assert banned not in page, banned
        assert page.count("<script") == page.count("<script src=")


async def test_a_page_that_is_not_there_says_so(house: House) -> None:
    """An alert or account of no such name is a page with status 404."""
    async with house.browser("viewer") as browser:
        for path in ("/console/alerts/al-none", "/console/accounts/account/nobody", "/console/accounts/planet/earth"):
            answer = await browser.get(path)
            assert answer.status_code == 404
            assert 'role="alert"' in answer.text


async def test_a_store_that_is_gone_is_told(house: House) -> None:
    """A page whose store cannot answer is a page that says so, with status 503 and no detail of the store."""
    async with house.browser("viewer") as browser:
        house.plane.lose_the_database()
        answer = await browser.get("/console/queue")
    assert answer.status_code == 503
    assert "try again" in answer.text
    assert str(house.plane.settings.data) not in answer.text


async def test_pages_are_small(house: House) -> None:
    """Every page with all the files it names is below 100 KB as sent."""
    async with house.browser("admin") as browser:
        for entry in READ:
            page = await browser.client.send(
                browser.client.build_request("GET", _address(entry), headers={"Accept-Encoding": "gzip"}), stream=True
            )
            assert len(b"".join([part async for part in page.aiter_raw()])) < 30_000, entry.path
