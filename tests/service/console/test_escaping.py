"""Whatever a caller or colleague writes is text on every page, never markup."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from service.console.visit import link
from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from service.review.desk import Desk
from tests.service.api.factories import a_flag, a_signal, a_state, an_evaluation

if TYPE_CHECKING:
    from tests.service.console.conftest import House

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
    entity = Entity(Scope.ACCOUNT, payload)
    signals = (a_signal(text=payload, unit=payload),)
    house.plane.store(
        flags=[a_flag("flag-x", payload, reasons=signals, against={"odd": payload}, versions={"rule": payload})],
        evaluations=[an_evaluation(payload, signals=signals)],
        entities={entity: a_state()},
    )
    while Desk(house.plane.stores.alerts, house.plane.stores.records).gather():
        pass
    alert = link("alerts", alert_id(entity))
    async with house.browser("admin") as browser:
        await browser.send(f"{alert}/notes", text=payload)
        await browser.send(f"{alert}/decide", kind="annotate", text=payload, lasts="1h")
        paths = (
            alert, "/console", "/console/queue", "/console/accounts", link("accounts", "account", payload),
            "/console/decisions", "/console/audit", f"/console/suppressions?entity={quote(payload)}",
            f"/console/queue?entity={quote(payload)}", f"/console/sign-in?next={quote(payload)}",
        )  # fmt: skip
        for path in paths:
            answer = await browser.get(path)
            assert answer.status_code in (200, 303), path
            assert payload not in answer.text, path
            assert "49<b>" not in answer.text


@pytest.mark.parametrize("address", ["//elsewhere.example", "https://elsewhere.example", "/console\\..", "/consolex"])
async def test_the_door_leads_only_inside(house: House, address: str) -> None:
    """An address of another place that somebody put behind 'next' is not followed."""
    async with house.browser() as browser:
        answer = await browser.client.post("/console/sign-in", data={"secret": house.token("viewer"), "next": address})
    assert answer.headers["location"] == "/console"
