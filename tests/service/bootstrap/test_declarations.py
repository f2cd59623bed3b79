"""Declared jobs: kept over a restart, read again when they change, and never in the way of scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.bootstrap.declarations import FILE, Declarations
from service.model.declaration import Declaration, Job

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400_000_000


def a_declaration(account: str = "acct-1", **changes: int) -> Declaration:
    """An evaluation of a thousand queries within a week."""
    fields = {"since": 0, "until": 7 * DAY, "budget": 1000, **changes}
    return Declaration(account=account, job=Job.EVALUATION, **fields)


def test_what_was_put_is_there(tmp_path: Path) -> None:
    """Another process sees it, and an account has one declaration: its latest."""
    Declarations(tmp_path).put(a_declaration())
    other = Declarations(tmp_path)
    assert other.of("acct-1") == a_declaration()
    Declarations(tmp_path).put(a_declaration(budget=5))
    assert other.of("acct-1") == a_declaration(budget=5)


def test_what_was_removed_is_gone(tmp_path: Path) -> None:
    """Removing tells whether there was one, and leaves the others."""
    held = Declarations(tmp_path)
    held.put(a_declaration())
    held.put(a_declaration("acct-2"))
    assert held.remove("acct-1")
    assert not held.remove("acct-1")
    assert list(Declarations(tmp_path).all()) == ["acct-2"]


def test_a_damaged_file_leaves_the_last_in_force(tmp_path: Path) -> None:
    """Scoring goes on with what it knew."""
    held = Declarations(tmp_path)
    held.put(a_declaration())
    assert held.of("acct-1")
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert held.of("acct-1") == a_declaration()


def test_a_declaration_covers_its_time_and_its_budget() -> None:
    """Not before, not after, and not beyond what was announced."""
    made = a_declaration(since=DAY, until=2 * DAY, budget=100, before=50)
    assert made.covers(DAY, 150)
    assert [made.covers(at, n) for at, n in ((DAY - 1, 60), (2 * DAY + 1, 60), (DAY, 151))] == [False] * 3
    assert made.words(90) == "a declared job (evaluation): 40 of 100 queries taken"
