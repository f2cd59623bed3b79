"""What every store holds of the alerts of campaigns that are seen to be one, with the desk that works on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.backends.sql.alerts import SqlAlerts
from service.backends.sql.audit import SqlAudit
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.records import SqlRecords
from service.backends.sql.registers import SqlRegister
from service.backends.witness import Witness
from service.model.alert import Note, Status, Verdict
from service.model.campaign import Correction
from service.model.entity import Entity, Scope
from service.model.ids import event_id, text_id
from service.ports import Commit
from service.review import alerts as rules
from service.review.desk import Desk
from service.review.labels import time_to_review
from tests.contracts.factories import AN_ACT, T0, a_flag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.model.alert import Alert
    from service.model.flag import Flag

OLD, WHOLE = ("acct-1", "acct-2"), ("acct-1", "acct-2", "acct-3")
HOUR = 3_600_000_000


def a_campaign(number: int, name: str = "c1", **changes: object) -> Flag:
    """The ``number``-th flag."""
    members = {"members": WHOLE if name == "c1" else OLD}
    return replace(a_flag(number, entity=Entity(Scope.CAMPAIGN, name)), **members | changes)  # type: ignore[arg-type]


class House:
    """The desk over stores, and the worker's side of them."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        witness = Witness(folder / "audit-heads")
        self.worker = SqlCheckpoint(engine)
        self.alerts = SqlAlerts(engine, witness)
        self.audit = SqlAudit(engine, witness)
        self.corrections = SqlRegister(engine, witness, Correction)
        self.opened: list[str] = []
        self.desk = Desk(
            self.alerts, SqlRecords(engine), corrections=self.corrections, clock=lambda: T0 + HOUR,
            on_opened=lambda alert: self.opened.append(alert.entity.value),
        )  # fmt: skip

    def seen(self, *flags: Flag) -> None:
        """Store the flags and gather them."""
        self.worker.commit(Commit(flags=list(flags)))
        while self.desk.gather():
            pass

    def of(self, name: str) -> Alert:
        """A campaign's alert."""
        alert = self.alerts.alert(rules.alert_id(Entity(Scope.CAMPAIGN, name)))
        assert alert is not None
        return alert

    def texts(self, name: str) -> Sequence[tuple[str, str]]:
        """Who wrote what beside it."""
        return [(note.by, note.text) for note in self.alerts.notes(self.of(name).id)]

    def acts(self) -> Sequence[str]:
        """What the audit log has of it."""
        return [entry.act.action for entry in self.audit.entries(None, 100) if entry.act != AN_ACT]


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> House:
    """With empty stores."""
    return House(engine, tmp_path)


def test_the_alert_of_an_old_id_ends_as_a_duplicate_of_the_one_that_goes_on(house: House) -> None:
    """By the system, audited, with a note beside each that names the other; once, however often the flag is seen."""
    house.seen(a_campaign(1, "c2"), a_campaign(2))
    assert house.of("c2").status is Status.NEW
    house.seen(a_campaign(3, joined=("c2",)), a_campaign(4, joined=("c2",)))
    old, whole = house.of("c2"), house.of("c1")
    assert (old.status, old.verdict, old.assignee, old.closed) == (
        Status.CLOSED, Verdict.DUPLICATE, "system", T0 + HOUR
    )  # fmt: skip
    assert (whole.status, whole.flags) == (Status.NEW, 3)
    (away,), (here,) = house.texts("c2"), house.texts("c1")
    assert "c1" in away[1]
    assert whole.id in away[1]
    assert "c2" in here[1]
    assert old.id in here[1]
    assert house.acts() == ["alert.joined"]
    assert house.audit.verify() == []
    assert house.opened == ["c2", "c1"]
    assert time_to_review(house.alerts) is None


def test_whoever_opens_it_again_has_decided_so(house: House) -> None:
    """Later flags leave it open."""
    house.seen(a_campaign(1, "c2"))
    house.seen(a_campaign(2, joined=("c2",)))
    house.desk.change(house.of("c2"), lambda alert: rules.reopened(alert, "user:ana"), act=AN_ACT)
    house.seen(a_campaign(3, joined=("c2",)))
    assert house.of("c2").status is Status.NEW
    assert house.acts() == ["alert.joined"]


def test_who_has_an_old_one_has_the_one_that_goes_on(house: House) -> None:
    """Where nobody has that; and what people wrote beside the old one is beside it too."""
    house.seen(a_campaign(1, "c2"), a_campaign(2, "c3"))
    house.desk.change(house.of("c2"), lambda alert: rules.claimed(alert, "user:ana", T0), act=AN_ACT)
    house.desk.change(house.of("c2"), lambda alert: rules.waiting(alert, "user:ana", T0), act=AN_ACT)
    note = Note(text_id(event_id(T0)), house.of("c2").id, T0, "user:ana", "note", "asked their contact")
    house.alerts.write(note, AN_ACT)
    house.seen(a_campaign(3, joined=("c2",)))
    whole = house.of("c1")
    assert (whole.status, whole.assignee, whole.lease_until) == (Status.WAITING, "user:ana", None)
    assert ("user:ana", "beside campaign c2: asked their contact") in house.texts("c1")
    house.desk.change(house.of("c3"), lambda alert: rules.claimed(alert, "user:ben", T0), act=AN_ACT)
    house.seen(a_campaign(4, joined=("c2", "c3")))
    assert (house.of("c1").assignee, house.of("c3").status) == ("user:ana", Status.CLOSED)
    assert [text for by, text in house.texts("c1") if by == "system" and "user:ben had it" in text]


def test_a_verdict_on_an_old_one_stays(house: House) -> None:
    """Nothing is written beside it."""
    house.seen(a_campaign(1, "c2"))
    closing = lambda alert: rules.closed(alert, Verdict.BENIGN, "user:ana", T0)  # noqa: E731
    judged = house.desk.change(house.of("c2"), closing, act=AN_ACT)
    house.seen(a_campaign(2, joined=("c2",)))
    assert house.of("c2") == judged
    assert house.acts() == []


def test_work_in_hand_is_not_lost_to_an_alert_that_stays_closed(house: House) -> None:
    """Of two old ones only that which nobody has is closed with it."""
    house.seen(a_campaign(1), a_campaign(2, "c2"), a_campaign(3, "c3"))
    closing = lambda alert: rules.closed(alert, Verdict.BENIGN, "user:ana", T0)  # noqa: E731
    house.desk.change(house.of("c1"), closing, act=AN_ACT)
    house.desk.change(house.of("c2"), lambda alert: rules.claimed(alert, "user:ben", T0), act=AN_ACT)
    house.seen(a_campaign(4, joined=("c2", "c3")))
    assert [house.of(name).status for name in ("c1", "c2", "c3")] == [Status.CLOSED, Status.IN_REVIEW, Status.CLOSED]
    house.seen(a_campaign(5, members=(*WHOLE, "acct-4"), joined=("c2", "c3")))
    assert [house.of(name).status for name in ("c1", "c2")] == [Status.IN_REVIEW, Status.CLOSED]
    assert house.of("c1").assignee == "user:ben"


def test_what_a_reviewer_put_elsewhere_is_no_duplicate(house: House) -> None:
    """Its alert stays as it was; a campaign that was put into one that goes on elsewhere goes there with it."""
    house.seen(a_campaign(1, "c2"), a_campaign(2, "c4"))
    house.corrections.put(Correction(id="c2", created=T0, into="c9"), AN_ACT)
    house.corrections.put(Correction(id="c5", created=T0, into="c4"), AN_ACT)
    before = house.of("c2")
    house.seen(a_campaign(3, joined=("c2", "c4")), a_campaign(4, "c5"))
    assert house.of("c2") == before
    assert house.of("c4").status is Status.CLOSED
    assert (house.of("c1").flags, house.of("c1").updated) == (2, a_campaign(4).flagged_at)
    assert house.alerts.alert(rules.alert_id(Entity(Scope.CAMPAIGN, "c5"))) is None


def test_an_old_id_does_not_open_an_alert_once_it_goes_on_under_another(house: House) -> None:
    """A flag of it that is gathered late is the other one's."""
    house.seen(a_campaign(2, joined=("c2",)))
    house.seen(a_campaign(1, "c2"))
    assert house.alerts.alert(rules.alert_id(Entity(Scope.CAMPAIGN, "c2"))) is None
    assert house.of("c1").flags == 2


def test_nothing_is_stored_where_one_of_the_alerts_was_changed(house: House) -> None:
    """Neither the flag nor notes nor acts; the next look does it all."""
    house.seen(a_campaign(1, "c2"))
    stale, asked = house.of("c2"), house.alerts.alerts
    house.worker.commit(Commit(flags=[a_campaign(2, joined=("c2",))]))
    with pytest.MonkeyPatch.context() as patch:

        def meanwhile(*where: object) -> object:
            page = asked(*where)  # type: ignore[arg-type]
            current = house.of("c2")
            if current.version == stale.version:
                house.desk.change(current, lambda alert: rules.claimed(alert, "user:ana", T0), act=AN_ACT)
            return page

        patch.setattr(house.alerts, "alerts", meanwhile)
        assert house.desk.gather() == 1
    assert [flag.joined for flag in house.alerts.loose(10)] == [("c2",)]
    assert house.alerts.alert(rules.alert_id(Entity(Scope.CAMPAIGN, "c1"))) is None
    assert (house.of("c2").status, house.acts()) == (Status.IN_REVIEW, [])
    house.seen()
    assert (house.of("c2").status, house.of("c1").assignee) == (Status.CLOSED, "user:ana")
