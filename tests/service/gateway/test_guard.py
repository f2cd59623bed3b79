"""The guard turns decisions into rulings, counts them, and stops nobody because of its own trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service import metrics
from service.gateway.guard import LONGEST_RETRY, RETRY_AFTER, Guard, enforce
from service.gateway.refusal import Refusal
from service.model.decision import ALLOW, Decision, Kind, Origin, Ruling
from service.model.entity import Entity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

SECOND = 1_000_000


class Table:
    """One decision, and what was asked."""

    def __init__(self, decision: Decision | None = None, *scopes: Scope) -> None:
        self.decision = decision
        self.scopes = frozenset(scopes)
        self.asked: list[list[Entity]] = []

    def lookup(self, entities: Iterable[Entity], now: int) -> Decision | None:
        self.asked.append(list(entities))
        return self.decision if now else None


class Broken:
    """A table whose lookup fails."""

    scopes = frozenset({Scope.ACCOUNT})

    def lookup(self, entities: Iterable[Entity], now: int) -> Decision | None:
        raise OSError(list(entities), now)


def a_decision(kind: Kind, *, until: int | None = None, simulated: bool = False) -> Decision:
    """A decision about account a."""
    entity = Entity(Scope.ACCOUNT, "a")
    return Decision(
        id="d", entity=entity, kind=kind, until=until, origin=Origin.CLI, reason="", simulated=simulated, created=0
    )


def ruling(table: Table | Broken, *, org: str = "o") -> Ruling:
    """The ruling for one caller at second 1."""
    return Guard(table).rule(account="a", org=org, ip_prefix="p", end_user="", now=SECOND)


@pytest.mark.parametrize("kind", [Kind.ANNOTATE, Kind.THROTTLE, Kind.BLOCK])
def test_ruling_and_its_count(kind: Kind) -> None:
    """A ruling carries its decision and is counted by kind, simulated ones apart and without effect."""
    for simulated in (False, True):
        counter = metrics.RULINGS.labels(kind.value, str(simulated).lower())
        before = counter._value.get()
        found = ruling(Table(a_decision(kind, simulated=simulated), Scope.ACCOUNT))
        assert (found is ALLOW) == simulated
        assert counter._value.get() == before + 1


def test_only_scopes_in_use_are_asked_for() -> None:
    """No entity is made for a scope that no decision is about, nor for an empty value."""
    table = Table(None, Scope.ACCOUNT, Scope.ORG, Scope.END_USER)
    assert ruling(table, org="") is ALLOW
    assert table.asked == [[Entity(Scope.ACCOUNT, "a")]]
    empty = Table()
    assert ruling(empty) is ALLOW
    assert empty.asked == []


def test_failing_table_is_counted() -> None:
    """A table that fails lets the request pass, and the metric knows."""
    counter = metrics.FAIL_OPEN.labels("guard")
    before = counter._value.get()
    assert ruling(Broken()) is ALLOW
    assert counter._value.get() == before + 1


@pytest.mark.parametrize(
    ("until", "expected"),
    [(None, RETRY_AFTER), (SECOND + 1, 1), (4 * SECOND, 3), (3 * SECOND + 1, 3), (10**15, LONGEST_RETRY)],
)
def test_retry_after(until: int | None, expected: int) -> None:
    """Whole seconds up to the decision's end, at least one and at most an hour."""
    assert ruling(Table(a_decision(Kind.THROTTLE, until=until), Scope.ACCOUNT)).retry_after == expected


def test_enforcement() -> None:
    """Only throttle and block refuse."""
    for kind in (Kind.ALLOW, Kind.ANNOTATE):
        enforce(Ruling(kind))
    for kind, status in ((Kind.THROTTLE, 429), (Kind.BLOCK, 403)):
        with pytest.raises(Refusal) as caught:
            enforce(Ruling(kind, "d", 5))
        assert caught.value.status == status
