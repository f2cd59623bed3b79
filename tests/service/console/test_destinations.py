"""Destinations on the page: added, tried out, removed; what opens them is shown once or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.bootstrap.notices import notices
from service.model.notification import Channel
from service.settings import Notify
from tests.contracts.factories import AN_ACT
from tests.service.api.conftest import SECRETS
from tests.service.notify.test_notify import receiver

if TYPE_CHECKING:
    from service.notify.notices import Notices
    from tests.service.console.conftest import House
    from tests.service.notify.test_notify import Receiver

__all__ = ["receiver"]

CHAT = {
    "name": "team", "channel": "apprise", "url": "slack://T00000000/B00000000/XXXXXXXXXXXXXXXX", "wait": "30",
    "severity": "high",
}  # fmt: skip


def unchecked(house: House) -> Notices:
    """Notices of the same installation, as they would be were private addresses allowed."""
    allowing = house.plane.settings.model_copy(update={"notify": Notify(private=True)})
    return notices(allowing, house.plane.stores.registers, SECRETS)


async def test_added_and_removed(house: House) -> None:
    """It is listed by its scheme alone, cannot be added twice, and is gone once it is removed."""
    async with house.browser("admin") as browser:
        assert (await browser.send("/console/settings/destinations", **CHAT)).status_code == 303
        assert (await browser.send("/console/settings/destinations", **CHAT)).status_code == 409
        page = (await browser.get("/console/settings")).text
        assert "slack://" in page
        assert "XXXXXXXXXXXXXXXX" not in page
        assert (await browser.send("/console/settings/destinations/team/remove")).status_code == 303
        assert (await browser.send("/console/settings/destinations/team/remove")).status_code == 404
        assert 'id="destinations"' not in (await browser.get("/console/settings")).text
    actions = [entry.act.action for entry in house.plane.stores.audit.entries(None, 2)]
    assert actions == ["destination.removed", "destination.made"]


async def test_what_cannot_be_told(house: House) -> None:
    """A private address, another scheme, a name or a choice that is none: nothing is stored."""
    wrong = (
        {"channel": "webhook", "url": "http://127.0.0.1:9/x"}, {"url": "file:///etc/passwd"}, {"name": "Team Chat!"},
        {"wait": "7"}, {"channel": "pigeon"}, {"severity": "dire"},
    )  # fmt: skip
    async with house.browser("admin") as browser:
        for changed in wrong:
            answer = await browser.send("/console/settings/destinations", **{**CHAT, **changed})
            assert answer.status_code == 422, changed
    assert not house.plane.stores.registers.destinations.all()


async def test_a_test_that_does_not_arrive_says_so(house: House) -> None:
    """With the reason, and without the URL; and it is in the audit log that somebody tried."""
    told = house.plane.app.state.control.notices
    made, _ = unchecked(house).destination("ops", Channel.WEBHOOK, "http://127.0.0.1:9/s3cret", wait=0)
    told.register.put(made, AN_ACT)
    async with house.browser("admin") as browser:
        assert (await browser.send("/console/settings/destinations/nobody/test")).status_code == 404
        assert (await browser.send("/console/settings/destinations/ops/shred")).status_code == 404
        answer = await browser.send("/console/settings/destinations/ops/test")
    assert answer.status_code == 409
    assert "private address" in answer.text
    assert "s3cret" not in answer.text
    head = house.plane.stores.audit.head()
    assert head is not None
    assert head.act.action == "destination.tested"


async def test_a_webhook_is_tried(house: House, receiver: Receiver) -> None:
    """Its secret is shown once; the button sends a signed message, and says that it was taken."""
    control = house.plane.app.state.control
    control.notices._private = control.delivery._private = True
    hook = {**CHAT, "name": "hook", "channel": "webhook", "url": receiver.url}
    async with house.browser("admin") as browser:
        assert "whsec_" in (await browser.send("/console/settings/destinations", **hook)).text
        assert "whsec_" not in (await browser.get("/console/settings")).text
        tried = await browser.send("/console/settings/destinations/hook/test")
        assert "took+the+test" in tried.headers["location"]
    ((headers, body),) = receiver.taken
    assert headers["webhook-signature"].startswith("v1,")
    assert b"hears from revenuer" in body
