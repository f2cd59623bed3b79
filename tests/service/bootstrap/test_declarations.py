"""Declared jobs as scoring sees them: read again when they are old, and never in the way of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.bootstrap.declarations import FRESH, Declarations
from service.bootstrap.replay import declarations
from service.bootstrap.stores import stores, upgrade
from service.model.declaration import Declaration, Job
from service.review.jobs import NotDeclared, declare, take_back
from service.settings import Settings
from tests.contracts.factories import AN_ACT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.bootstrap.stores import Stores
    from service.model.audit import Act

DAY = 86_400_000_000


def a_declaration(account: str = "acct-1", **changes: int) -> Declaration:
    """An evaluation of a thousand queries within a week."""
    fields = {"since": 0, "until": 7 * DAY, "budget": 1000, **changes}
    return Declaration(account=account, job=Job.EVALUATION, owner="platform", reason="nightly", **fields)


def act(*_: str, **__: str) -> Act:
    """Whatever is done here is one act."""
    return AN_ACT


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Stores]:
    """An installation's stores."""
    upgrade(Settings(data=tmp_path))
    opened = stores(Settings(data=tmp_path))
    yield opened
    opened.close()


def test_what_was_declared_is_there_once_the_old_is_stale(held: Stores) -> None:
    """An account has one declaration, its latest; it is read again after two seconds and not before."""
    now = [0.0]
    seen = Declarations(held.registers.declarations, lambda: now[0])
    assert seen.of("acct-1") is None
    declare(held.registers, a_declaration(), act)
    declare(held.registers, a_declaration(budget=5), act)
    assert seen.of("acct-1") is None
    now[0] = FRESH
    found = seen.of("acct-1")
    assert found is not None
    assert (found.budget, found.owner, found.version) == (5, "platform", 2)


def test_what_was_taken_back_is_gone(held: Stores) -> None:
    """It covers nothing any more, stays in the register, and cannot be taken back twice; it can be declared anew."""
    declare(held.registers, a_declaration(), act)
    declare(held.registers, a_declaration("acct-2"), act)
    take_back(held.registers, "acct-1", DAY, act)
    with pytest.raises(NotDeclared):
        take_back(held.registers, "acct-1", DAY, act)
    assert list(Declarations(held.registers.declarations).all()) == ["acct-2"]
    stored = held.registers.declarations.find("acct-1")
    assert stored is not None
    assert not stored.covers(DAY, 1)
    declare(held.registers, a_declaration(), act)
    assert set(Declarations(held.registers.declarations).all()) == {"acct-1", "acct-2"}


def test_a_store_that_cannot_answer_leaves_the_last_in_force(held: Stores, tmp_path: Path) -> None:
    """Scoring goes on with what it knew."""
    now = [0.0]
    declare(held.registers, a_declaration(), act)
    seen = Declarations(held.registers.declarations, lambda: now[0])
    assert seen.of("acct-1")
    held.close()
    for path in tmp_path.glob("revenuer.db*"):
        path.unlink()
    now[0] = FRESH
    assert seen.of("acct-1") == a_declaration()


def test_replay_knows_the_installations_jobs(held: Stores, tmp_path: Path) -> None:
    """So that it gives what live traffic gave; where nothing was ever started there are none."""
    declare(held.registers, a_declaration(), act)
    assert list(declarations(Settings(data=tmp_path))) == ["acct-1"]
    assert not declarations(Settings(data=tmp_path / "elsewhere"))


def test_a_declaration_covers_its_time_and_its_budget() -> None:
    """Not before, not after, and not beyond what was announced."""
    made = a_declaration(since=DAY, until=2 * DAY, budget=100, before=50)
    assert made.covers(DAY, 150)
    assert [made.covers(at, n) for at, n in ((DAY - 1, 60), (2 * DAY + 1, 60), (DAY, 151))] == [False] * 3
    assert made.words(90) == "a declared job (evaluation): 40 of 100 queries taken"
