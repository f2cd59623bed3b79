"""Days: a wave of accounts stands out on its day, a lone score among thousands does not."""

from __future__ import annotations

from service.model.entity import Entity, Scope
from service.model.flag import Evaluation
from service.replay.days import DAY, Days

MONDAY = 20_759


def seen(p_values: dict[str, float], *, day: int = MONDAY, scope: Scope = Scope.ACCOUNT) -> Days:
    """A day on which each account was evaluated twice, the second time at its p-value."""
    days = Days()
    for account, p_value in p_values.items():
        for p in (1.0, p_value):
            days.see(Evaluation(Entity(scope, account), 0, "close", day * DAY + 5, 40, 0.5, p, None, {}, (), {}))
    return days


def test_a_wave_is_found_on_its_day() -> None:
    """Thirty of forty accounts at p = 0.0003 have e-values of 28.9, and 40 / (0.05 · 30) = 26.7 are enough."""
    wave = {f"key-{i}": 0.0003 for i in range(30)} | {f"acct-{i}": 0.5 for i in range(10)}
    (found,) = seen(wave).found()
    assert (found.day, found.looked_at) == (MONDAY, 40)
    assert set(found.accounts) == {f"key-{i}" for i in range(30)}


def test_one_of_many_is_chance() -> None:
    """The smallest p-value of forty honest accounts is no discovery."""
    assert list(seen({f"acct-{i}": (i + 1) / 41 for i in range(40)}).found()) == []


def test_other_entities_are_not_mixed_in() -> None:
    """Orgs and end users hold the same queries as their accounts and are no accounts of the day."""
    assert list(seen({f"org-{i}": 0.0001 for i in range(30)}, scope=Scope.ORG).found()) == []
