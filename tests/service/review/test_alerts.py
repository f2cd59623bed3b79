"""What flags and reviewers do to an alert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.model.alert import Alert, Status, Verdict
from service.model.flag import Flag, Severity
from service.review import alerts
from tests.contracts.factories import T0, a_flag

NOW = T0
LATER = NOW + alerts.LEASE + 1


def an_alert(**changes: object) -> Alert:
    """An alert that a flag has just opened."""
    alert = alerts.flagged(None, a_flag(queries=40), ["small-1"])
    assert alert is not None
    return replace(alert, **changes)  # type: ignore[arg-type]


def a_closed_alert(verdict: Verdict = Verdict.BENIGN) -> Alert:
    """One that was judged."""
    return alerts.closed(an_alert(), verdict, "user:ana", NOW)


def test_a_medium_flag_opens_an_alert() -> None:
    """With what the flag knows."""
    alert = an_alert()
    assert (alert.status, alert.severity, alert.flags, alert.queries) == (Status.NEW, Severity.MEDIUM, 1, 40)
    assert alert.models == ("small-1",)


@pytest.mark.parametrize("severity", [Severity.INFO, Severity.LOW])
def test_a_lower_flag_asks_nobody(severity: Severity) -> None:
    """It opens nothing, and joins what is open."""
    assert alerts.flagged(None, a_flag(severity=severity), []) is None
    joined = alerts.flagged(an_alert(), a_flag(1, severity=severity), [])
    assert joined is not None
    assert (joined.flags, joined.severity) == (2, Severity.MEDIUM)


def test_the_same_evidence_does_not_open_a_closed_alert() -> None:
    """A few more queries of the same kind are no news to whoever judged it."""
    alert = alerts.flagged(a_closed_alert(), a_flag(1, queries=60), ["small-1"])
    assert alert is not None
    assert alert.status is Status.CLOSED
    assert alert.queries == 60


@pytest.mark.parametrize(
    ("flag", "models", "members", "why"),
    [
        pytest.param(a_flag(1, queries=80), ["small-1"], 1, "80 queries, 40", id="twice-the-volume"),
        pytest.param(a_flag(1, queries=41), ["large-2"], 1, "large-2", id="a-new-model"),
        pytest.param(a_flag(1, queries=41), ["small-1"], 7, "7 accounts", id="new-accounts"),
        pytest.param(a_flag(1, queries=41, severity=Severity.HIGH), ["small-1"], 1, "high", id="a-higher-severity"),
    ],
)
def test_what_changed_opens_it_again(flag: Flag, models: list[str], members: int, why: str) -> None:
    """And says what that was; the earlier verdict stays to be seen."""
    alert = alerts.flagged(a_closed_alert(), flag, models, members)
    assert alert is not None
    assert (alert.status, alert.verdict, alert.flags) == (Status.NEW, Verdict.BENIGN, 1)
    assert why in alert.reopened


def test_a_lower_flag_opens_nothing_again() -> None:
    """Whatever has grown in the meantime."""
    alert = alerts.flagged(a_closed_alert(), a_flag(1, queries=4000, severity=Severity.LOW), ["large-2"])
    assert alert is not None
    assert alert.status is Status.CLOSED


def test_two_people_do_not_collide() -> None:
    """While a claim holds nobody else may claim or change; when it has ended somebody else may."""
    mine = alerts.claimed(an_alert(), "user:ana", NOW)
    with pytest.raises(alerts.NotAllowed, match="user:ana"):
        alerts.claimed(mine, "user:ben", NOW + 1)
    with pytest.raises(alerts.NotAllowed, match="user:ana"):
        alerts.closed(mine, Verdict.BENIGN, "user:ben", NOW + 1)
    assert alerts.claimed(mine, "user:ana", NOW + 1).lease_until == NOW + 1 + alerts.LEASE
    assert alerts.claimed(mine, "user:ben", LATER).assignee == "user:ben"


def test_a_released_alert_is_anybodys() -> None:
    """At once."""
    mine = alerts.claimed(an_alert(), "user:ana", NOW)
    free = alerts.released(mine, "user:ana", NOW + 1)
    assert (free.status, free.assignee) == (Status.NEW, "")
    assert alerts.claimed(free, "user:ben", NOW + 2).status is Status.IN_REVIEW


def test_a_waiting_alert_stays_with_whoever_waits() -> None:
    """Nobody else closes it, but somebody else may claim it: people fall ill."""
    held = alerts.waiting(an_alert(), "user:ana", NOW)
    with pytest.raises(alerts.NotAllowed):
        alerts.closed(held, Verdict.BENIGN, "user:ben", LATER)
    assert alerts.claimed(held, "user:ben", NOW + 1).assignee == "user:ben"


def test_a_closed_alert_is_opened_before_it_is_changed() -> None:
    """By a person too, once."""
    with pytest.raises(alerts.NotAllowed, match="closed"):
        alerts.claimed(a_closed_alert(), "user:ben", LATER)
    again = alerts.reopened(a_closed_alert(), "user:ben")
    assert (again.status, again.verdict) == (Status.NEW, Verdict.BENIGN)
    with pytest.raises(alerts.NotAllowed, match="open already"):
        alerts.reopened(again, "user:ben")


def test_every_change_is_a_new_version() -> None:
    """So that no change passes over another unseen."""
    versions = [an_alert().version, a_closed_alert().version, alerts.reopened(a_closed_alert(), "x").version]
    assert versions == [1, 2, 3]


def test_the_queue_is_ordered_by_severity_times_harm() -> None:
    """More queries, more accounts or a higher severity come first."""
    least = an_alert()
    for more in ({"queries": 4000}, {"severity": Severity.HIGH}, {"members": 40}):
        assert an_alert(**more).priority > least.priority
