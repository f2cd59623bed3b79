"""``revenuer baseline learn`` and ``highest``: a review in rounds, on a real installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.bootstrap.stores import stores
from service.ports import Commit
from service.settings import Settings
from tests.service.pipeline.learnt import DAY, FIRST, evaluation, honest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.cli.conftest import Installation

HARVEST = "harvest\x1b[2J"
"""A name that a terminal would obey."""
SHOWN = "harvest"
HONEST = 120


@pytest.fixture
def config(here: Installation) -> str:
    """Settings whose budget so few accounts support."""
    assert here.run("db", "upgrade").exit_code == 0
    path = here.data / "revenuer.yaml"
    path.write_text("scoring: {budget: 0.05}\n", encoding="utf-8")
    return str(path)


def store(here: Installation) -> None:
    """A day of honest accounts, and one harvest that nobody flagged."""
    held = stores(Settings(data=here.data))
    held.checkpoint.commit(Commit(evaluations=[*honest(HONEST), evaluation(HARVEST, FIRST + DAY - 1, out=4.0)]))
    held.close()


def listed(here: Installation, *words: str) -> list[list[str]]:
    """The rows of the table, in their order."""
    done = here.run("baseline", "highest", *words)
    assert done.exit_code == 0, done.output
    return [line.split() for line in done.stdout.splitlines() if line.startswith(("acct-", SHOWN))]


def decide(here: Installation, account: str, kind: str, *words: str) -> None:
    """Decide about an account."""
    done = here.run("decision", "add", "--value", account, "--kind", kind, "--reason", "looked at", *words)
    assert done.exit_code == 0, done.output


def test_a_harvest_is_left_out_round_by_round(here: Installation, config: str) -> None:
    """Highest at first; decided about it says so, and is gone after the next, while who is vouched for stays."""
    store(here)
    learnt = here.run("baseline", "learn", "--config", config)
    assert learnt.exit_code == 0, learnt.output
    assert "supports a budget of 0.05" in learnt.stdout
    rows = listed(here)
    assert len(rows) == 20
    assert rows[0][0] == SHOWN
    assert all(row[-3:] == ["not", "looked", "at"] for row in rows)
    assert "\x1b" not in here.run("baseline", "highest").stdout
    second = rows[1][0]
    decide(here, HARVEST, "throttle", "--simulated")
    decide(here, second, "allow")
    rows = listed(here)
    assert rows[0][-6:] == ["left", "out", "at", "the", "next", "learning"]
    assert rows[1][-2:] == ["vouched", "for"]
    assert here.run("baseline", "learn", "--config", config).exit_code == 0
    rows = listed(here, "--top", "100")
    assert SHOWN not in {row[0] for row in rows}
    assert len(rows) == 100
    assert next(row for row in rows if row[0] == second)[-2:] == ["vouched", "for"]


def test_the_file_names_nobody(here: Installation, config: str) -> None:
    """A baseline is handed on; whose days it was learnt from stays in the database."""
    store(here)
    assert here.run("baseline", "learn", "--config", config).exit_code == 0
    with np.load(Settings(data=here.data).own_baseline, allow_pickle=False) as arrays:
        parts = [arrays[name].tobytes() + name.encode() for name in arrays.files]
    assert parts
    assert not [part for part in parts if b"acct-" in part or SHOWN.encode() in part]


def test_too_little_is_told_with_what_is_needed(here: Installation) -> None:
    """At the budget by default 999 account-days are needed: nothing is put in place, and there is nothing to list."""
    assert here.run("db", "upgrade").exit_code == 0
    done = here.run("baseline", "highest")
    assert (done.exit_code, "nothing was learnt" in done.stderr) == (2, True)
    store(here)
    done = here.run("baseline", "learn")
    assert (done.exit_code, "a budget of 0.001 needs 999" in done.stderr) == (2, True)
    assert not Settings(data=here.data).own_baseline.exists()
    assert here.run("baseline", "highest").exit_code == 2


def test_what_is_learnt_and_not_used_is_told(here: Installation, config: str, tmp_path: Path) -> None:
    """Where the settings want none learnt, it is said that the new one is not in force."""
    store(here)
    off = tmp_path / "off.yaml"
    off.write_text("scoring: {budget: 0.05, learn: false}\n", encoding="utf-8")
    assert "not in force" in here.run("baseline", "learn", "--config", str(off)).stdout
    assert "not in force" not in here.run("baseline", "learn", "--config", config).stdout
