"""Decisions without an alert: on an entity's page, and about anybody by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.model.decision import Kind
from service.model.entity import Entity, Scope
from tests.service.api.factories import a_state

if TYPE_CHECKING:
    from tests.service.console.conftest import House

QUIET = Entity(Scope.ACCOUNT, "acct-quiet")
PAGE = "/console/accounts/account/acct-quiet"
DECISIONS = "/console/decisions"


async def test_an_entity_without_an_alert_is_decided_about_on_its_page(house: House) -> None:
    """The page has the form, says what was made and takes it back; whom an alert is open about has a link to that."""
    house.plane.store(entities={QUIET: a_state()})
    async with house.browser("analyst") as browser:
        assert 'id="decide"' in (await browser.get(PAGE)).text
        assert 'id="decide"' not in (await browser.get("/console/accounts/account/acct-1")).text
        asked = {"scope": "account", "value": "acct-quiet", "kind": "throttle", "lasts": "1h", "back": PAGE}
        sent = await browser.send(DECISIONS, text="a burst", **asked)
        assert sent.headers["location"].startswith(f"{PAGE}?done=decided")
        assert 'id="undo"' in (await browser.get(sent.headers["location"])).text
        made = sent.headers["location"].rpartition("made=")[2]
        (found,) = [one for one in house.plane.stores.decisions.all() if one.id == made]
        assert (found.entity, found.kind, found.reason) == (QUIET, Kind.THROTTLE, "a burst")
        await browser.send(f"{DECISIONS}/{made}/remove", back=PAGE)
    assert made not in house.plane.decided()


@pytest.mark.parametrize("scope", ["org", "ip_prefix", "campaign", "end_user"])
async def test_anybody_is_decided_about_by_name(house: House, scope: str) -> None:
    """Whatever gateways can be told about, whether it was seen or not; a block still waits for a second person."""
    asked = {"scope": scope, "value": "198.51.100.0/24", "lasts": "1h", "text": "known to us"}
    async with house.browser("analyst") as browser:
        assert (await browser.send(DECISIONS, kind="annotate", **asked)).status_code == 303
        blocked = await browser.send(DECISIONS, kind="block", **asked)
        assert "once a second person" in (await browser.get(blocked.headers["location"])).text
    kinds = [one.kind for one in house.plane.stores.decisions.all() if str(one.entity.scope) == scope]
    assert kinds == [Kind.ANNOTATE]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"kind": "annotate"}, 422, id="no-reason"),
        pytest.param({"text": "t"}, 422, id="no-kind"),
        pytest.param({"kind": "annotate", "text": "t", "scope": "planet"}, 422, id="no-such-scope"),
        pytest.param({"kind": "annotate", "text": "t", "value": " "}, 422, id="nobody"),
        pytest.param({"kind": "allow", "text": "t"}, 403, id="allow-by-an-analyst"),
    ],
)
async def test_what_cannot_be_decided_is_refused(house: House, fields: dict[str, str], status: int) -> None:
    """A refused form makes no decision, and says why."""
    before = house.plane.decided()
    async with house.browser("analyst") as browser:
        answer = await browser.send(DECISIONS, **({"scope": "account", "value": "acct-1", "lasts": "1h"} | fields))
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert house.plane.decided() == before
