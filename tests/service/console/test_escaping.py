"""Whatever a caller or colleague writes is text on every page, never markup."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from jinja2 import Environment

from service.bootstrap.console import add_console
from service.console import rendering
from service.console.visit import link
from service.model.account_day import AccountDay
from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from service.review.desk import Desk
from service.review.highest import save
from service.settings import Settings
from tests.service.api.conftest import planes
from tests.service.api.factories import NOVEMBER, a_flag, a_signal, a_state, an_evaluation
from tests.service.console.conftest import House

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.api.conftest import Seeded

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea><svg onload=alert(1)>",
    "{{ 7*7 }}<b>",
    "javascript:alert(1)//<a>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_markup_of_others_is_shown_as_text(house: House, payload: str) -> None:
    """A payload as account name, reason, counter-evidence and note comes out escaped on every page that shows it."""
    assert await _raw(house, payload) == []


async def test_what_is_not_escaped_is_seen(seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With escaping off every page that shows the payload fails the check above."""
    monkeypatch.setattr(rendering, "Environment", lambda **given: Environment(**(given | {"autoescape": False})))  # noqa: S701 - what is shown not to do
    settings = Settings(data=tmp_path)
    for plane in planes(seeded, settings):
        add_console(plane.app, settings, plane.stores)
        assert len(await _raw(House(plane), PAYLOADS[0])) >= 5


async def _raw(house: House, payload: str) -> list[str]:
    """Pages that have the payload as it was written, of all that show it."""
    entity = Entity(Scope.ACCOUNT, payload)
    signals = (a_signal(text=payload, unit=payload),)
    save(house.plane.stores.baselines, "v", [AccountDay(payload, NOVEMBER, 320, 0.9)], NOVEMBER)
    house.plane.store(
        flags=[a_flag("flag-x", payload, reasons=signals, against={"odd": payload}, versions={"rule": payload})],
        evaluations=[an_evaluation(payload, signals=signals)],
        entities={entity: a_state()},
    )
    while Desk(house.plane.stores.alerts, house.plane.stores.records).gather():
        pass
    alert = link("alerts", alert_id(entity))
    found = []
    async with house.browser("admin") as browser:
        await browser.send(f"{alert}/notes", text=payload)
        await browser.send(f"{alert}/decide", kind="annotate", text=payload, lasts="1h")
        paths = (
            alert, "/console", "/console/queue", "/console/accounts", link("accounts", "account", payload),
            "/console/decisions", "/console/audit", "/console/detectors",
            f"/console/suppressions?entity={quote(payload)}", f"/console/queue?entity={quote(payload)}",
            f"/console/sign-in?next={quote(payload)}",
        )  # fmt: skip
        for path in paths:
            answer = await browser.get(path)
            assert answer.status_code in (200, 303), path
            if payload in answer.text or "49<b>" in answer.text:
                found.append(path)
    return found


@pytest.mark.parametrize("address", ["//elsewhere.example", "https://elsewhere.example", "/console\\..", "/consolex"])
async def test_the_door_leads_only_inside(house: House, address: str) -> None:
    """An address of another place that somebody put behind 'next' is not followed."""
    async with house.browser() as browser:
        answer = await browser.client.post("/console/sign-in", data={"secret": house.token("viewer"), "next": address})
    assert answer.headers["location"] == "/console"
