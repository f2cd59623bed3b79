"""What every ``ports.Decisions`` holds, and that gateways see it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from service.backends.decisions_file import DecisionsFile
from service.backends.sql.decisions import SqlDecisions
from service.backends.sql.dialect import connect
from service.backends.witness import Witness
from service.model.decision import Kind
from service.model.entity import Entity, Scope
from service.ports import StoreUnavailable
from tests.contracts.factories import AN_ACCOUNT, AN_ACT, T0, a_decision

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.ports import Decisions


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """Where gateways look."""
    return tmp_path / "decisions.json"


@pytest.fixture
def decisions(engine: Engine, snapshot: Path) -> Decisions:
    """An empty store."""
    return SqlDecisions(engine, snapshot, Witness(snapshot.with_name("audit-heads")))


class TestDecisions:
    """Decisions are kept until they are removed, and published at every change."""

    def test_come_back_whole_newest_first(self, decisions: Decisions) -> None:
        """Every field; expired ones too, for the operator to see."""
        strange = Entity(Scope.END_USER, "a\x00\ud800/b")
        added = [a_decision(0), a_decision(1, until=T0, simulated=True), a_decision(2, entity=strange, kind=Kind.ALLOW)]
        for decision in added:
            decisions.add(decision, AN_ACT)
        assert list(decisions.all()) == added[::-1]

    def test_adding_again_replaces(self, decisions: Decisions) -> None:
        """An id stands for one decision."""
        decisions.add(a_decision(), AN_ACT)
        decisions.add(a_decision(kind=Kind.THROTTLE), AN_ACT)
        assert list(decisions.all()) == [a_decision(kind=Kind.THROTTLE)]

    def test_remove_says_whether_it_was_there(self, decisions: Decisions) -> None:
        """Once."""
        decisions.add(a_decision(), AN_ACT)
        assert decisions.remove(a_decision().id, AN_ACT)
        assert not decisions.remove(a_decision().id, AN_ACT)
        assert not decisions.all()

    def test_a_gateway_sees_each_change(self, decisions: Decisions, snapshot: Path) -> None:
        """Through its own table, once it has looked."""
        table = DecisionsFile(snapshot)
        decisions.add(a_decision(), AN_ACT)
        assert table.refresh()
        assert table.lookup([AN_ACCOUNT], T0) == a_decision()
        decisions.remove(a_decision().id, AN_ACT)
        assert table.refresh()
        assert table.lookup([AN_ACCOUNT], T0) is None

    def test_a_new_start_publishes_what_is_stored(self, decisions: Decisions, snapshot: Path) -> None:
        """A lost snapshot comes back from the store."""
        decisions.add(a_decision(), AN_ACT)
        snapshot.unlink()
        decisions.republish()
        assert DecisionsFile(snapshot).lookup([AN_ACCOUNT], T0) == a_decision()

    def test_a_new_database_takes_over_what_gateways_obey(self, decisions: Decisions, snapshot: Path) -> None:
        """All of it is stored and published, and what is stored already stays."""
        decisions.add(a_decision(0), AN_ACT)
        found = [a_decision(1), a_decision(2, entity=Entity(Scope.ORG, "org-7"))]
        decisions.restore(found, AN_ACT)
        assert list(decisions.all()) == [*found[::-1], a_decision(0)]
        assert sorted(d.id for d in DecisionsFile(snapshot).all()) == sorted(d.id for d in decisions.all())

    def test_changes_at_once_are_all_published(self, url: str, snapshot: Path) -> None:
        """Of several processes that add one each, none publishes a snapshot without the others'."""

        def add(number: int) -> None:
            engine = connect(url)
            decision = a_decision(number, entity=Entity(Scope.ACCOUNT, f"acct-{number}"))
            SqlDecisions(engine, snapshot, Witness(snapshot.with_name("audit-heads"))).add(decision, AN_ACT)
            engine.dispose()

        threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        table = DecisionsFile(snapshot)
        assert all(table.lookup([Entity(Scope.ACCOUNT, f"acct-{n}")], T0) for n in range(8))

    def test_a_change_that_cannot_be_published_is_said(self, engine: Engine, tmp_path: Path) -> None:
        """The operator learns that gateways do not have it yet, and where to look."""
        (tmp_path / "file").write_text("not a folder")
        decisions = SqlDecisions(engine, tmp_path / "file" / "decisions.json", Witness(tmp_path / "audit-heads"))
        with pytest.raises(StoreUnavailable, match="published"):
            decisions.add(a_decision(), AN_ACT)
