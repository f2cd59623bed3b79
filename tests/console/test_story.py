"""A reviewer in a real browser: on the embedded default with the mouse, on Postgres and Valkey by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from service.api.control import clock
from service.bootstrap.stores import stores
from service.model.account_day import AccountDay
from service.model.entity import Scope
from service.review.highest import SHOWN, save
from tests.console.browser import DESK, PHONE, browser, opened
from tests.console.hands import Keys, Mouse
from tests.console.pages import every
from tests.console.people import PASSWORD, sign_in, user
from tests.console.story import Story, flagged, origin
from tests.e2e.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.console.browser import Tab

pytestmark = pytest.mark.xdist_group("browser")

SERIOUS = {"serious", "critical"}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The embedded default with the demo's traffic, as ``revenuer serve`` alone starts it."""
    with System(tmp_path_factory.mktemp("demo") / "data") as system:
        yield system


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with browser() as started:
        yield started


def _lived(story: Story, record: Callable[[str, object], None]) -> None:
    """The story from its beginning to its end."""
    story.sign_in()
    story.alert_appears()
    story.read()
    story.claim()
    story.note()
    record("seconds until the decision was obeyed", story.throttle())
    story.undo()
    story.audit()


def _nothing_wrong(tab: Tab) -> None:
    """No error, nothing that the page's policy had to stop, and nobody else asked for anything."""
    assert (tab.errors, tab.ran(), tab.foreign) == ([], [], [])


def test_embedded_with_the_mouse(
    demo: System, chromium: Browser, record_property: Callable[[str, object], None]
) -> None:
    """From demo traffic to a decision that is obeyed, taken back and audited, with nothing but ``revenuer serve``."""
    with opened(chromium, origin(demo)) as tab:
        _lived(Story(demo, tab.page, Mouse(tab.page), demo.token), record_property)
        _nothing_wrong(tab)


def test_several_hosts_by_keyboard(
    tmp_path: Path,
    chromium: Browser,
    postgres_url: str,
    valkey_url: str,
    record_property: Callable[[str, object], None],
) -> None:
    """The same on Postgres and Valkey, without ever touching a mouse."""
    options = {"database": postgres_url, "stream": valkey_url, "partitions": 4}
    with System(tmp_path / "data", options=options) as system, opened(chromium, origin(system)) as tab:
        _lived(Story(system, tab.page, Keys(tab.page), system.token), record_property)
        _nothing_wrong(tab)


def test_a_disabled_user_is_out(demo: System, chromium: Browser) -> None:
    """The next click of a user who was disabled meanwhile leads to the door, and the password opens it no more."""
    user(demo, "anna", "analyst")
    with opened(chromium, origin(demo)) as tab:
        sign_in(tab.page, "anna")
        demo.run("user", "disable", "anna")
        tab.page.click("nav[aria-label=Main] a[href$='/decisions']")
        expect(tab.page.locator("#by-password")).to_be_visible()
        tab.page.fill("#name", "anna")
        tab.page.fill("#password", PASSWORD)
        tab.page.click("#by-password button")
        expect(tab.page.locator("#refused")).to_be_visible()


@pytest.fixture(scope="module")
def addresses(demo: System, chromium: Browser) -> list[str]:
    """Every page, once there is an alert and a baseline was learnt."""
    flagged(demo)
    _learnt(demo)
    with opened(chromium, origin(demo)) as tab:
        Story(demo, tab.page, Mouse(tab.page), demo.token).sign_in()
        tab.page.goto("/console/detectors")
        expect(tab.page.locator("#days tbody a").first).to_be_visible()
        return every(tab.page)


def _learnt(system: System) -> None:
    """The callers of the demo are too few for a baseline: as if those that there are set the threshold of one."""
    held = stores(system.settings)
    seen = held.records.accounts(Scope.ACCOUNT, None, SHOWN).items
    save(held.baselines, "v", [AccountDay(one.entity.value, one.last_seen, one.queries, 0.9) for one in seen], clock())
    held.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(demo: System, chromium: Browser, addresses: list[str], theme: str) -> None:
    """Axe finds nothing serious on any page, and no page is wider than its screen."""
    with opened(chromium, origin(demo), theme=theme) as tab:
        Story(demo, tab.page, Mouse(tab.page), demo.token).sign_in()
        found = {address: _faults(tab.page, address) for address in addresses}
        assert len(found) >= 10
        assert {address: faults for address, faults in found.items() if faults} == {}
        _nothing_wrong(tab)


def test_the_queue_fits_a_phone(demo: System, chromium: Browser) -> None:
    """The queue is usable at a phone's width, and as accessible as on a desk; so is the door."""
    flagged(demo)
    with opened(chromium, origin(demo), size=PHONE) as tab:
        assert _faults(tab.page, "/console/sign-in") == []
        Story(demo, tab.page, Mouse(tab.page), demo.token).sign_in()
        tab.page.locator("#queue a.open").first.wait_for(state="visible")
        assert _faults(tab.page, "/console/queue") == []
        _nothing_wrong(tab)


def _faults(page: Page, address: str) -> list[Any]:
    """What axe finds serious or critical on a page, and how many pixels it is too wide."""
    page.goto(address)  # scripts are deferred, so the charts are drawn by then
    assert page.viewport_size is not None
    assert page.viewport_size["width"] in {DESK[0], PHONE[0]}
    response = Axe().run(page).response
    faults = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in response["violations"]
        if one["impact"] in SERIOUS
    ]
    wider = page.evaluate(WIDER)
    return faults + ([("wider than the screen", wider)] if wider > 0 else [])
