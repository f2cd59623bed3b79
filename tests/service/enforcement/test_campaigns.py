"""Decisions about a campaign: one for each member, made and removed with the membership."""

from __future__ import annotations

from service.enforcement.campaigns import followed
from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity, Scope

CAMPAIGN = Decision(
    id="0199f3a0-0000-7000-8000-000000000001", entity=Entity(Scope.CAMPAIGN, "c-1"), kind=Kind.THROTTLE, until=9_000,
    origin=Origin.REVIEWER, reason="one template", simulated=False, created=1_000,
)  # fmt: skip
A, B = Entity(Scope.ACCOUNT, "a"), Entity(Scope.ACCOUNT, "b")


def test_members_come_and_go() -> None:
    """Each member has the campaign's decision as its own; whoever leaves loses it; a second look changes nothing."""
    make, remove = followed([CAMPAIGN], {"c-1": [A]})
    assert [(made.entity, made.kind, made.until, made.simulated) for made in make] == [(A, Kind.THROTTLE, 9_000, False)]
    assert not remove
    assert followed([CAMPAIGN, *make], {"c-1": [A]}) == ([], [])
    joined, left = followed([CAMPAIGN, *make], {"c-1": [B]})
    assert [made.entity for made in joined] == [B]
    assert left == make


def test_they_end_with_the_campaigns() -> None:
    """Removed, or the campaign gone: its members' go, and others' decisions stay."""
    make, _ = followed([CAMPAIGN], {"c-1": [A, B]})
    assert followed(make, {"c-1": [A, B]}) == ([], make)
    assert followed([CAMPAIGN, *make], {}) == ([], make)


def test_ids_fit_and_differ() -> None:
    """They are the same at every look, one for each member, and short enough to be stored."""
    make, _ = followed([CAMPAIGN], {"c-1": [A, B]})
    again, _ = followed([CAMPAIGN], {"c-1": [B, A]})
    assert {made.id for made in make} == {made.id for made in again}
    assert len({made.id for made in make}) == 2
    assert all(len(made.id) <= 64 for made in make)
