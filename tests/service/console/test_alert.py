"""The alert's page: what it answers, and what a reviewer does on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.model.alert import Status, Verdict
from service.model.decision import Kind
from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from service.review.evidence import faults

if TYPE_CHECKING:
    from tests.service.console.conftest import House

ENTITY = Entity(Scope.ACCOUNT, "acct-1")
ALERT = alert_id(ENTITY)
PAGE = f"/console/alerts/{ALERT}"


def _status(house: House) -> Status:
    alert = house.plane.stores.alerts.alert(ALERT)
    assert alert is not None
    return alert.status


def _made(house: House, reason: str) -> list[Kind]:
    return [made.kind for made in house.plane.stores.decisions.all() if made.reason == reason]


async def test_the_page_answers_in_order(house: House) -> None:
    """Why, why not, who, what, when, linked and seen before, and the decision stand in this order."""
    async with house.browser("analyst") as browser:
        page = (await browser.get(PAGE)).text
    places = [page.index(f'id="{part}"') for part in ("why", "why-not", "who", "what", "when", "seen", "decision")]
    assert places == sorted(places)


async def test_a_reason_has_its_measures(house: House) -> None:
    """A reason shows value with unit, benign median and p99, p-value, contribution, and the flag its rate."""
    async with house.browser("viewer") as browser:
        page = (await browser.get(PAGE)).text
    for shown in ("120,000 tokens", "1,200 tokens", "40,000 tokens", "0.002", "50 %"):
        assert shown in page
    assert "0.05 % (95 % interval 0 % to 0.31 %, n = 1,200)" in page


async def test_a_viewer_is_offered_nothing_that_is_refused(house: House) -> None:
    """Without the role there is no form to decide, note or read texts with."""
    async with house.browser("viewer") as browser:
        page = (await browser.get(PAGE)).text
    for form in ('id="decide"', 'id="note-form"', 'id="reveal"', 'id="claim"'):
        assert form not in page


async def test_claim_note_decide_undo(house: House) -> None:
    """An analyst claims, notes, throttles and closes, and takes the throttle back; each is in the audit log."""
    async with house.browser("analyst") as browser:
        assert (await browser.send(f"{PAGE}/claim")).status_code == 303
        assert (await browser.send(f"{PAGE}/notes", text="Asked their manager.")).status_code == 303
        decided = await browser.send(
            f"{PAGE}/decide", kind="throttle", lasts="1d", verdict="true_positive", text="harvests"
        )
        assert _made(house, "harvests") == [Kind.THROTTLE]
        after = await browser.get(decided.headers["location"])
        assert 'id="undo"' in after.text
        assert "Asked their manager." in after.text
        made = decided.headers["location"].rpartition("made=")[2]
        assert (await browser.send(f"/console/decisions/{made}/remove", back=PAGE)).headers["location"].startswith(PAGE)
    assert _made(house, "harvests") == []
    assert _status(house) is Status.CLOSED
    actor = f"token:{house.token('analyst').split('_')[1]}"
    acts = [entry.act.action for entry in house.plane.stores.audit.entries(None, 5, actor=actor)]
    assert acts == ["decision.removed", "alert.closed", "decision.made", "alert.noted", "alert.claimed"]
    assert not house.plane.stores.audit.verify()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({}, 422, id="nothing-chosen"),
        pytest.param({"kind": "throttle", "lasts": "1d"}, 422, id="no-reason"),
        pytest.param({"kind": "allow", "text": "t"}, 403, id="allow-by-an-analyst"),
        pytest.param({"kind": "throttle", "lasts": "7d", "text": "t"}, 403, id="throttle-for-longer-than-a-day"),
        pytest.param({"verdict": "benign", "version": "999"}, 409, id="changed-in-between"),
    ],
)
async def test_what_cannot_be_decided_changes_nothing(house: House, fields: dict[str, str], status: int) -> None:
    """A refused form leaves alert and decisions as they were, and says why."""
    before = house.plane.decided()
    async with house.browser("analyst") as browser:
        answer = await browser.send(f"{PAGE}/decide", **fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert house.plane.decided() == before
    assert _status(house) is Status.NEW


async def test_a_closed_alert_is_opened_again(house: House) -> None:
    """Undoing a closing opens the alert again; its verdict is still told."""
    async with house.browser("analyst") as browser:
        closed = await browser.send(f"{PAGE}/decide", verdict="benign", text="an evaluation")
        assert 'id="undo"' in (await browser.get(closed.headers["location"])).text
        await browser.send(f"{PAGE}/reopen")
        page = (await browser.get(PAGE)).text
    assert _status(house) is Status.NEW
    assert f"as <strong>{Verdict.BENIGN}</strong>" in page


async def test_texts_need_a_reason_that_is_kept(house: House) -> None:
    """Reading texts is refused without a reason, and is in the audit log with it."""
    async with house.browser("analyst") as browser:
        assert (await browser.send(f"{PAGE}/reveal", reason=" ")).status_code == 422
        answer = await browser.send(f"{PAGE}/reveal", reason="appeal 7")
    assert answer.status_code == 200
    assert answer.headers["refresh"] == f"300;url={PAGE}"
    entry = house.plane.stores.audit.head()
    assert entry is not None
    assert (entry.act.action, entry.act.detail["reason"]) == ("text.read", "appeal 7")


async def test_a_block_waits_for_a_second_person(house: House) -> None:
    """An analyst's block is proposed and acts on nobody; an admin approves it on the page of decisions."""
    before = house.plane.decided()
    async with house.browser("analyst") as browser:
        proposed = await browser.send(f"{PAGE}/decide", kind="block", lasts="7d", text="harvests")
        assert "once a second person" in (await browser.get(proposed.headers["location"])).text
    assert house.plane.decided() == before
    (proposal,) = house.plane.stores.registers.proposals.all()
    async with house.browser("admin") as admin:
        assert 'aria-label="Approve: block acct-1"' in (await admin.get("/console/decisions")).text
        assert (await admin.send(f"/console/proposals/{proposal.id}/approve")).status_code == 303
    assert _made(house, "harvests") == [Kind.BLOCK]


async def test_a_decision_may_begin_later(house: House) -> None:
    """It is counted from then, and the pages say so; an analyst's throttle is as long as one that acts at once."""
    async with house.browser("admin") as browser:
        sent = await browser.send(
            f"{PAGE}/decide", kind="throttle", lasts="1d", begins="1h", text="after they were told"
        )
        page = (await browser.get(sent.headers["location"])).text
        assert "acts in" in (await browser.get("/console/decisions")).text
    (made,) = [found for found in house.plane.stores.decisions.all() if found.reason == "after they were told"]
    assert made.since == made.created + 3_600_000_000
    assert made.until == made.since + 24 * 3_600_000_000
    assert "gateways follow from" in page


async def test_the_evidence_is_downloaded_for_a_reason(house: House) -> None:
    """An analyst gets the newest flag's archive, which is as it was packed; why is in the audit log."""
    async with house.browser("analyst") as browser:
        assert 'id="download"' in (await browser.get(PAGE)).text
        assert (await browser.send(f"{PAGE}/evidence", reason=" ")).status_code == 422
        assert (await browser.send(f"{PAGE}/evidence", reason="x", content="full")).status_code == 422
        answer = await browser.send(f"{PAGE}/evidence", reason="appeal 7", content="redacted")
    assert answer.headers["content-disposition"] == 'attachment; filename="flag-2.zip"'
    assert faults(answer.content) == []
    entry = house.plane.stores.audit.head()
    assert entry is not None
    assert (entry.act.action, entry.act.detail["reason"]) == ("evidence.packed", "appeal 7")
