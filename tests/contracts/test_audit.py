"""What every ``ports.Audit`` holds: a chain that shows every later change."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.backends.sql.audit import SqlAudit
from service.backends.sql.decisions import SqlDecisions
from service.backends.sql.dialect import connect
from service.backends.sql.tokens import SqlTokens
from service.backends.witness import Witness
from tests.contracts.factories import AN_ACT, a_decision, a_token

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.ports import Audit

ENTRIES = 12
COLUMNS = {"at": "at + 1", "actor": "actor || 'x'", "subject": "'account:other'", "detail": "'{}'", "origin": "'feed'"}


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """Where heads are kept."""
    return Witness(tmp_path / "audit-heads")


@pytest.fixture
def audit(engine: Engine, witness: Witness) -> Audit:
    """A log of a dozen entries."""
    log = SqlAudit(engine, witness)
    for number in range(1, ENTRIES + 1):
        log.append(replace(AN_ACT, at=AN_ACT.at + number, subject=f"account:acct-{number}"))
    return log


def run(engine: Engine, *statements: str) -> None:
    """Change the table as somebody with the database in hand would."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


class TestAudit:
    """Entries come back as they were written, and no change passes."""

    def test_entries_come_newest_first_and_page(self, audit: Audit) -> None:
        """Below the number asked for; by actor where one is named."""
        assert [entry.number for entry in audit.entries(None, 5)] == [12, 11, 10, 9, 8]
        assert [entry.number for entry in audit.entries(8, 3)] == [7, 6, 5]
        assert not audit.entries(None, 5, actor="token:nobody")
        assert audit.entries(None, 1, actor=AN_ACT.actor)[0].act.subject == "account:acct-12"

    def test_an_untouched_log_is_sound(self, audit: Audit) -> None:
        """Also an act with strange text in it."""
        strange = replace(AN_ACT, actor="a\x00\ud800", subject="ü☃", detail={"reason": "\x1a'; DROP TABLE audit; --"})
        entry = audit.append(strange)
        assert audit.head() == entry
        assert entry.act == strange
        assert audit.verify() == []

    def test_a_decision_and_a_token_are_audited_with_their_change(
        self, engine: Engine, audit: Audit, witness: Witness, tmp_path: Path
    ) -> None:
        """In the same transaction: a refused change leaves no entry."""
        SqlDecisions(engine, tmp_path / "decisions.json", witness).add(a_decision(), AN_ACT)
        tokens = SqlTokens(engine, witness)
        tokens.add(a_token(), replace(AN_ACT, action="token.made"))
        with pytest.raises(ValueError, match="exists already"):
            tokens.add(a_token(), replace(AN_ACT, action="token.made"))
        assert [entry.act.action for entry in audit.entries(None, 3)] == [
            "token.made",
            "decision.made",
            "decision.made",
        ]
        assert audit.verify() == []

    def test_writers_at_once_make_one_chain(self, url: str, witness: Witness) -> None:
        """No number twice, no hole."""

        def write() -> None:
            engine = connect(url)
            log = SqlAudit(engine, witness)
            for _ in range(5):
                log.append(AN_ACT)
            engine.dispose()

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        engine = connect(url)
        log = SqlAudit(engine, witness)
        assert [entry.number for entry in log.entries(None, 50)] == list(range(20, 0, -1))
        assert log.verify() == []
        engine.dispose()

    @pytest.mark.parametrize("column", COLUMNS)
    def test_a_change_is_found(self, engine: Engine, audit: Audit, column: str) -> None:
        """Whatever column it is in."""
        run(engine, f"UPDATE audit SET {column} = {COLUMNS[column]} WHERE number = 5")  # noqa: S608 - our own words
        assert [fault.number for fault in audit.verify()] == [5]

    def test_a_log_written_anew_is_found(self, engine: Engine, audit: Audit, tmp_path: Path) -> None:
        """Its chain is sound in itself; only the witness knows that it was another one."""
        run(engine, "DELETE FROM audit")
        forged = SqlAudit(engine, Witness(tmp_path / "elsewhere"))
        for _ in range(ENTRIES):
            forged.append(AN_ACT)
        assert forged.verify() == []
        assert len(audit.verify()) == ENTRIES

    def test_a_torn_witness_is_read_as_far_as_it_goes(self, audit: Audit, witness: Witness, tmp_path: Path) -> None:
        """A line cut short by a power cut says nothing."""
        with (tmp_path / "audit-heads").open("a") as file:
            file.write("13 00ff")
        assert len(witness.heads()) == ENTRIES
        assert audit.verify() == []


def _changed(rng: random.Random) -> list[str]:
    column = rng.choice(list(COLUMNS))
    return [f"UPDATE audit SET {column} = {COLUMNS[column]} WHERE number = {rng.randint(1, ENTRIES)}"]  # noqa: S608


def _flipped(rng: random.Random) -> list[str]:
    other = f"(SELECT digest FROM audit WHERE number = {rng.randint(1, 6)})"  # noqa: S608
    return [f"UPDATE audit SET digest = {other} WHERE number = {rng.randint(7, ENTRIES)}"]  # noqa: S608


def _deleted(rng: random.Random) -> list[str]:
    return [f"DELETE FROM audit WHERE number = {rng.randint(1, ENTRIES)}"]  # noqa: S608


def _cut(rng: random.Random) -> list[str]:
    return [f"DELETE FROM audit WHERE number > {rng.randint(0, ENTRIES - 1)}"]  # noqa: S608


def _swapped(rng: random.Random) -> list[str]:
    one, other = rng.sample(range(1, ENTRIES + 1), 2)
    return [
        f"UPDATE audit SET number = 99 WHERE number = {one}",  # noqa: S608
        f"UPDATE audit SET number = {one} WHERE number = {other}",  # noqa: S608
        f"UPDATE audit SET number = {other} WHERE number = 99",  # noqa: S608
    ]


@pytest.mark.parametrize("tamper", [_changed, _flipped, _deleted, _cut, _swapped])
def test_every_tampering_is_found(engine: Engine, audit: Audit, tamper: Callable[[random.Random], list[str]]) -> None:
    """200 random changes of each kind, each found, and none once undone; 20 on a server, whose commits take longer."""
    rng = random.Random(7)
    changes = 200 if engine.dialect.name == "sqlite" else 20
    with engine.begin() as connection:
        kept = [dict(row) for row in connection.execute(text("SELECT * FROM audit")).mappings()]
    restore = text("INSERT INTO audit VALUES (:number, :at, :actor, :origin, :action, :subject, :detail, :digest)")
    for _ in range(changes):
        run(engine, *tamper(rng))
        assert audit.verify()
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM audit"))
            connection.execute(restore, kept)
    assert audit.verify() == []
