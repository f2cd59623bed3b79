"""What every ``ports.Alerts`` holds, with the desk that works on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.backends.sql.alerts import SqlAlerts
from service.backends.sql.audit import SqlAudit
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.records import SqlRecords
from service.backends.witness import Witness
from service.model.alert import Status, Verdict
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.ids import text_id
from service.ports import AlertFilter, Commit
from service.review import alerts as rules
from service.review.desk import Desk, Stale
from tests.contracts.factories import AN_ACCOUNT, AN_ACT, T0, a_flag, an_event

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.model.alert import Alert
    from service.model.flag import Flag
    from service.ports import Alerts, Checkpoint

ANY = AlertFilter()
OTHER = Entity(Scope.ORG, "org-7")


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """Where heads of the audit log are kept."""
    return Witness(tmp_path / "audit-heads")


@pytest.fixture
def alerts(engine: Engine, witness: Witness) -> Alerts:
    """An empty store."""
    return SqlAlerts(engine, witness)


@pytest.fixture
def worker(engine: Engine) -> Checkpoint:
    """The worker's side, which stores flags."""
    return SqlCheckpoint(engine)


@pytest.fixture
def desk(alerts: Alerts, engine: Engine) -> Desk:
    """The reviewers' side."""
    return Desk(alerts, SqlRecords(engine))


def raise_flags(worker: Checkpoint, desk: Desk, *flags: Flag) -> None:
    """As a worker does, and gathered as the control plane does."""
    worker.commit(Commit(flags=list(flags)))
    while desk.gather():
        pass


class TestAlerts:
    """Flags are gathered once, and changes are made against what was seen."""

    def test_the_flags_of_an_entity_are_one_alert(self, worker: Checkpoint, desk: Desk, alerts: Alerts) -> None:
        """Whatever comes between them; a flag that asks nobody is gathered too and opens none."""
        others = a_flag(3, entity=OTHER, severity=Severity.LOW)
        raise_flags(worker, desk, a_flag(0), a_flag(1, severity=Severity.HIGH), others)
        (alert,) = alerts.alerts(ANY, None, 10).items
        assert (alert.entity, alert.flags, alert.severity) == (AN_ACCOUNT, 2, Severity.HIGH)
        assert not alerts.loose(10)
        assert alerts.alert(alert.id) == alert
        assert alerts.counts() == {**dict.fromkeys(Status, 0), Status.NEW: 1}

    def test_models_are_those_of_the_flags_events(self, worker: Checkpoint, desk: Desk, alerts: Alerts) -> None:
        """Read from the log."""
        event = an_event()
        worker.commit(Commit(events=[event]))
        named = text_id(event.id)
        raise_flags(worker, desk, a_flag(events=(named,)))
        assert alerts.alerts(ANY, None, 10).items[0].models == ("small-1",)

    def test_a_flag_is_gathered_by_one_of_several(self, worker: Checkpoint, alerts: Alerts) -> None:
        """Who comes second changes nothing."""
        worker.commit(Commit(flags=[a_flag()]))
        alert = rules.flagged(None, a_flag(), [])
        assert alert is not None
        assert alerts.join(a_flag(), alert)
        assert not alerts.join(a_flag(), replace(alert, version=2))
        assert alerts.alert(alert.id) == alert

    def test_a_change_against_an_old_version_is_refused(
        self, worker: Checkpoint, desk: Desk, alerts: Alerts, engine: Engine, witness: Witness
    ) -> None:
        """And leaves neither note nor act behind."""
        raise_flags(worker, desk, a_flag())
        seen = alerts.alerts(ANY, None, 10).items[0]
        desk.change(seen, lambda alert: rules.claimed(alert, "user:ana", T0), act=AN_ACT)
        with pytest.raises(Stale):
            desk.change(seen, lambda alert: rules.claimed(alert, "user:ben", T0), act=AN_ACT)
        after = alerts.alert(seen.id)
        assert after is not None
        assert (after.assignee, after.status) == ("user:ana", Status.IN_REVIEW)
        assert len(alerts.notes(seen.id)) == 1
        assert len(SqlAudit(engine, witness).entries(None, 10)) == 1

    def test_a_verdict_comes_back_whole(self, worker: Checkpoint, desk: Desk, alerts: Alerts) -> None:
        """With the note of it."""
        raise_flags(worker, desk, a_flag())
        alert = alerts.alerts(ANY, None, 10).items[0]
        done = desk.change(
            alert, lambda found: rules.closed(found, Verdict.BENIGN, "user:ana", T0), act=AN_ACT, text="a declared job"
        )
        assert alerts.alert(alert.id) == done
        assert [note.text for note in alerts.notes(alert.id)] == ["a declared job"]
        raise_flags(worker, desk, a_flag(1, queries=400))
        again = alerts.alert(alert.id)
        assert again is not None
        assert (again.status, again.verdict) == (Status.NEW, Verdict.BENIGN)

    def test_the_queue_pages_by_priority(self, worker: Checkpoint, desk: Desk, alerts: Alerts) -> None:
        """Every alert once, the most urgent first, also where many are alike."""
        flags = [a_flag(n, entity=Entity(Scope.ACCOUNT, f"acct-{n}"), queries=40 + n // 3) for n in range(9)]
        raise_flags(worker, desk, *flags)
        found: list[Alert] = []
        after: str | None = None
        while True:
            page = alerts.alerts(ANY, after, 2)
            found += page.items
            after = page.next
            if after is None:
                break
        assert len({alert.id for alert in found}) == len(found) == 9
        assert [alert.priority for alert in found] == sorted((a.priority for a in found), reverse=True)

    @pytest.mark.parametrize(
        ("where", "count"),
        [
            pytest.param(AlertFilter(statuses=frozenset({Status.CLOSED})), 0, id="status"),
            pytest.param(AlertFilter(severity=Severity.HIGH), 1, id="severity"),
            pytest.param(AlertFilter(scope=Scope.ORG), 1, id="scope"),
            pytest.param(AlertFilter(entity="acct-1"), 1, id="entity"),
            pytest.param(AlertFilter(assignee=""), 2, id="nobody's"),
            pytest.param(AlertFilter(assignee="user:ana"), 0, id="somebody's"),
        ],
    )
    def test_the_queue_is_filtered(
        self, worker: Checkpoint, desk: Desk, alerts: Alerts, where: AlertFilter, count: int
    ) -> None:
        """By any of its columns."""
        raise_flags(worker, desk, a_flag(0), a_flag(1, entity=OTHER, severity=Severity.HIGH))
        assert len(alerts.alerts(where, None, 10).items) == count

    @pytest.mark.parametrize("place", ["x", "1.5", ":al-1", "x:al-1"])
    def test_a_place_that_is_none_is_refused(self, alerts: Alerts, place: str) -> None:
        """A cursor of another listing, say."""
        with pytest.raises(ValueError, match="invalid place"):
            alerts.alerts(ANY, place, 10)
