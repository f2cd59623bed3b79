"""What every store holds of campaigns: their flags whole, their members' rows, models, and corrections."""

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
from service.model.alert import Status, Verdict
from service.model.campaign import Correction, Member, Split
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.link import Link, LinkKind, Odometer
from service.ports import AlertFilter, Commit
from service.review import alerts as rules
from service.review.desk import Desk
from tests.contracts.factories import AN_ACT, T0, a_flag, a_query, a_state, an_event

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.model.flag import Flag
    from service.ports import Checkpoint, Records, Register

LINKS = (
    Link(LinkKind.SKELETON, ("acct-1", "acct-2"), 0.999, 0.001, 2_000, "one template"),
    Link(LinkKind.REASONING, ("acct-1", "acct-2"), 1.0, 0.0, 0, "sealed reasoning handed on"),
)


def a_campaign(number: int, name: str = "c1", **changes: object) -> Flag:
    """The campaign's ``number``-th flag."""
    members = {"members": ("acct-1", "acct-2"), "links": LINKS, "odometer": Odometer(40, 9_000, 0.25)}
    entity = Entity(Scope.CAMPAIGN, name)
    return replace(a_flag(number, entity=entity), **members | changes)  # type: ignore[arg-type]


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """Where heads of the audit log are kept."""
    return Witness(tmp_path / "audit-heads")


@pytest.fixture
def records(engine: Engine) -> Records:
    """What the control plane reads."""
    return SqlRecords(engine)


@pytest.fixture
def worker(engine: Engine) -> Checkpoint:
    """The worker's side."""
    return SqlCheckpoint(engine)


@pytest.fixture
def corrections(engine: Engine, witness: Witness) -> Register[Correction]:
    """What reviewers know better."""
    return SqlRegister(engine, witness, Correction)


class TestCampaigns:
    """They are read from their flags."""

    def test_the_newest_flag_and_the_highest_severity(self, worker: Checkpoint, records: Records) -> None:
        """Of each campaign, flagged last first; other scopes are none."""
        flags = [a_campaign(1, severity=Severity.HIGH), a_campaign(3), a_campaign(2, "c2"), a_flag(4)]
        worker.commit(Commit(flags=flags))
        found = records.campaigns(10)
        assert [(item.flag, item.severity) for item in found] == [
            (flags[1], Severity.HIGH),
            (flags[2], Severity.MEDIUM),
        ]
        assert [item.flag for item in records.campaigns(1)] == [flags[1]]

    def test_members_have_their_rows(self, worker: Checkpoint, records: Records) -> None:
        """Those that are not known are left out, and entities of other scopes are no members."""
        state = a_state()
        names = ("acct-1", "acct-2")
        worker.commit(Commit(entities={Entity(Scope.ACCOUNT, n): state for n in names}))
        worker.commit(Commit(entities={Entity(Scope.ORG, "acct-3"): state}))
        found = sorted(records.members([*names, "acct-3", "acct-4"]), key=lambda member: member.account)
        assert found == [Member(name, state.queries, state.first_seen, state.last_seen) for name in names]
        assert not records.members([])

    def test_models_are_those_of_the_newest_queries(self, worker: Checkpoint, records: Records) -> None:
        """Of these accounts, no others."""
        asked = [("acct-1", "small-1"), ("acct-2", "large-2"), ("acct-1", "tiny-3"), ("acct-9", "other-4")]
        events = [an_event(n, account=account, query=a_query(model=model)) for n, (account, model) in enumerate(asked)]
        worker.commit(Commit(events=events))
        assert records.models(["acct-1", "acct-2"], 100) == ["large-2", "small-1", "tiny-3"]
        assert records.models(["acct-1"], 1) == ["tiny-3"]
        assert records.models(["nobody"], 10) == []


class TestCorrections:
    """They are kept whole, once for each version, and audited."""

    def test_a_correction_comes_back_whole(
        self, corrections: Register[Correction], engine: Engine, witness: Witness
    ) -> None:
        """A change against an old version is refused, and leaves no act behind."""
        first = Correction(id="c1", created=T0, excluded=("acct-1",), splits=(Split("c9", ("acct-2", "acct-3")),))
        assert corrections.put(first, AN_ACT)
        second = replace(first, into="c2", version=2)
        assert corrections.put(second, AN_ACT)
        assert not corrections.put(replace(first, excluded=(), version=2), AN_ACT)
        assert corrections.all() == [second]
        assert len(SqlAudit(engine, witness).entries(None, 10)) == 2

    def test_several_are_corrected_at_once_or_none(
        self, corrections: Register[Correction], engine: Engine, witness: Witness
    ) -> None:
        """By one act."""
        first, second = (Correction(id=name, created=T0, excluded=("acct-1",)) for name in ("c1", "c2"))
        assert corrections.put(first, AN_ACT)
        assert not corrections.put(replace(first, excluded=(), version=2), AN_ACT, replace(second, version=2))
        assert corrections.all() == [first]
        assert corrections.put(replace(first, excluded=(), version=2), AN_ACT, second)
        assert {made.id: made.excluded for made in corrections.all()} == {"c1": (), "c2": ("acct-1",)}
        assert len(SqlAudit(engine, witness).entries(None, 10)) == 2

    def test_a_closed_campaign_opens_again_when_it_grows(
        self,
        worker: Checkpoint,
        records: Records,
        engine: Engine,
        witness: Witness,
        corrections: Register[Correction],
    ) -> None:
        """By accounts that were not taken out of it; one that was is no news."""
        alerts = SqlAlerts(engine, witness)
        desk = Desk(alerts, records, corrections=corrections)

        def gathered(flag: Flag) -> Status:
            worker.commit(Commit(flags=[flag]))
            while desk.gather():
                pass
            return alerts.alerts(AlertFilter(), None, 1).items[0].status

        assert gathered(a_campaign(1)) is Status.NEW
        alert = alerts.alerts(AlertFilter(), None, 1).items[0]
        assert alert.members == 2
        desk.change(alert, lambda seen: rules.closed(seen, Verdict.BENIGN, "user:ana", T0), act=AN_ACT)
        corrections.put(Correction(id="c1", created=T0, excluded=("acct-3",)), AN_ACT)
        assert gathered(a_campaign(2, members=("acct-1", "acct-2", "acct-3"))) is Status.CLOSED
        assert gathered(a_campaign(3, members=("acct-1", "acct-2", "acct-4"))) is Status.NEW
        assert alerts.alerts(AlertFilter(), None, 1).items[0].members == 3
