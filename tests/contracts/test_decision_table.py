"""What every ``ports.DecisionTable`` holds; and what holds for the one over a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from service.backends.decisions_file import DecisionsFile, publish
from service.model.decision import Decision, Kind
from service.model.entity import Entity, Scope
from tests.contracts.factories import AN_ACCOUNT, T0, a_decision

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.ports import DecisionTable

    Make = Callable[..., DecisionTable]

AN_ORG = Entity(Scope.ORG, "org-7")
CALLER = (AN_ACCOUNT, AN_ORG)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The snapshot."""
    return tmp_path / "decisions.json"


@pytest.fixture(params=["file"])
def table_of(request: pytest.FixtureRequest, path: Path) -> Make:
    """Makes a table of the decisions, of each kind."""

    def of_file(*decisions: Decision) -> DecisionTable:
        publish(path, decisions)
        return DecisionsFile(path)

    return {"file": of_file}[request.param]


def ruling(table: DecisionTable, now: int = T0) -> Kind | None:
    """The kind that rules over the caller."""
    decision = table.lookup(CALLER, now)
    return None if decision is None else decision.kind


class TestDecisionTable:
    """One decision rules, by kind and by time."""

    def test_nothing_rules_over_a_stranger(self, table_of: Make) -> None:
        """A decision is about its entity alone, and the scope is part of it."""
        table = table_of(a_decision())
        assert table.lookup([Entity(Scope.ACCOUNT, "acct-2"), Entity(Scope.ORG, "acct-1")], T0) is None
        assert table.lookup([], T0) is None

    @pytest.mark.parametrize(
        ("kinds", "expected"),
        [
            pytest.param((Kind.THROTTLE, Kind.BLOCK, Kind.ANNOTATE), Kind.BLOCK, id="block-over-all-but-allow"),
            pytest.param((Kind.ANNOTATE, Kind.THROTTLE), Kind.THROTTLE, id="throttle-over-annotate"),
            pytest.param((Kind.BLOCK, Kind.ALLOW, Kind.THROTTLE), Kind.ALLOW, id="allow-over-all"),
            pytest.param((Kind.ANNOTATE,), Kind.ANNOTATE, id="one"),
        ],
    )
    def test_the_strictest_rules_unless_allowed(self, table_of: Make, kinds: tuple[Kind, ...], expected: Kind) -> None:
        """Whichever entity it is about and whenever it was made."""
        for order in (kinds, kinds[::-1]):
            decisions = [a_decision(n, kind=kind, entity=CALLER[n % 2]) for n, kind in enumerate(order)]
            assert ruling(table_of(*decisions)) is expected

    def test_a_decision_past_its_time_does_not_count(self, table_of: Make) -> None:
        """``until`` is the first moment at which it no longer holds."""
        table = table_of(a_decision(0, kind=Kind.ALLOW, until=T0), a_decision(1, kind=Kind.THROTTLE))
        assert ruling(table, T0 - 1) is Kind.ALLOW
        assert ruling(table) is Kind.THROTTLE

    def test_a_simulated_one_changes_nothing(self, table_of: Make) -> None:
        """It shows only where no real one rules, and even a simulated allow lifts no block."""
        real, tried = a_decision(0), a_decision(1, kind=Kind.ALLOW, simulated=True)
        assert table_of(real, tried).lookup(CALLER, T0) == real
        assert table_of(tried).lookup(CALLER, T0) == tried

    def test_scopes_are_those_decided_about(self, table_of: Make) -> None:
        """So that the guard computes no entity for nothing."""
        assert table_of().scopes == frozenset()
        assert table_of(a_decision(), a_decision(1, entity=AN_ORG)).scopes == {Scope.ACCOUNT, Scope.ORG}


class TestDecisionsFile:
    """The table over a file fails static: what cannot be read changes nothing."""

    def test_nothing_published_yet_is_no_fault(self, path: Path) -> None:
        """A fresh installation has no decisions, says so without a warning, and takes the first that comes."""
        with capture_logs() as logs:
            table = DecisionsFile(path)
        assert [entry["log_level"] for entry in logs] == ["info"]
        assert table.lookup(CALLER, T0) is None
        assert table.age() == float("inf")
        publish(path, [a_decision()])
        assert table.refresh()
        assert table.age() < 60

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b'{"v": 1, "decisions": [{"id"', id="torn"),
            pytest.param(b'{"v": 2, "decisions": []}', id="of-a-later-version"),
            pytest.param(b'{"v": 1, "decisions": [{"id": "x"}]}', id="fields-missing"),
            pytest.param(b'{"v": 1, "decisions": [7]}', id="of-another-shape"),
            pytest.param(b"[]", id="no-mapping"),
            pytest.param(b"\xff\xfe\x00", id="no-text"),
            pytest.param(None, id="gone"),
        ],
    )
    def test_a_damaged_file_keeps_the_last_table(self, path: Path, body: bytes | None) -> None:
        """It is logged once, not at every look, and heals with the next sound file."""
        publish(path, [a_decision()])
        table = DecisionsFile(path)
        if body is None:
            path.unlink()
        else:
            path.write_bytes(body)
        with capture_logs() as logs:
            assert not table.refresh()
            assert not table.refresh()
        assert [entry["event"] for entry in logs] == ["decisions.unreadable"]
        assert table.lookup(CALLER, T0) == a_decision()
        publish(path, [])
        assert table.refresh()
        assert table.lookup(CALLER, T0) is None

    def test_age_grows_only_while_the_file_is_not_sound(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file looked at and found unchanged is as good as read."""
        clock = [100.0]
        monkeypatch.setattr("service.backends.decisions_file.time.monotonic", lambda: clock[0])
        publish(path, [a_decision()])
        table = DecisionsFile(path)
        clock[0] = 107.0
        assert table.age() == 7.0
        table.refresh()
        assert table.age() == 0.0
        path.unlink()
        clock[0] = 109.0
        table.refresh()
        assert table.age() == 2.0

    def test_a_publisher_that_fails_leaves_the_old_file(self, path: Path) -> None:
        """And nothing beside it."""
        publish(path, [a_decision()])
        with pytest.raises(TypeError):
            publish(path, [a_decision(reason=object())])
        assert DecisionsFile(path).lookup(CALLER, T0) == a_decision()
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_only_the_owner_reads_it(self, path: Path) -> None:
        """It names customers."""
        publish(path, [a_decision()])
        assert path.stat().st_mode & 0o077 == 0
