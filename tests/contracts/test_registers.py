"""What every ``ports.Register``, ``Sessions``, ``Hits`` and ``Outbox`` holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.backends.sql.audit import SqlAudit
from service.backends.sql.hits import SqlHits
from service.backends.sql.outbox import SqlOutbox
from service.backends.sql.registers import SqlRegister
from service.backends.sql.sessions import SqlSessions
from service.backends.witness import Witness
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.notification import Notice
from service.model.suppression import Suppression
from service.model.user import Role, Session, User
from service.ports import Hit
from tests.contracts.factories import AN_ACT

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

A_USER = User(id="anna", role=Role.ANALYST, created=2, password="$argon2id$", subject="https://op|1")
A_SESSION = Session(id=b"s" * 32, user="user:anna", created=10, seen=10, proved=10)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """Where the audit log's heads go."""
    return Witness(tmp_path / "audit-heads")


def test_documents_come_back_whole(engine: Engine, witness: Witness) -> None:
    """With every type in them, whatever a caller was called, newest first, each kind by itself."""
    users, hidden = SqlRegister(engine, witness, User), SqlRegister(engine, witness, Suppression)
    odd = Suppression(
        id="anna", entity=Entity(Scope.ACCOUNT, "\x00\ud800'\"é"), owner="o", reason="r", created=1, until=2,
        severity=Severity.LOW,
    )  # fmt: skip
    other = replace(A_USER, id="zoe", created=1, disabled=5)
    assert [users.put(A_USER, AN_ACT), users.put(other, AN_ACT), hidden.put(odd, AN_ACT)] == [True] * 3
    assert list(users.all()) == [A_USER, other]
    assert hidden.find("anna") == odd
    assert users.find("nobody") is None


def test_a_change_is_made_against_what_was_seen(engine: Engine, witness: Witness) -> None:
    """Of two changes of one version the second is refused and not audited, as is a second first version."""
    users, audit = SqlRegister(engine, witness, User), SqlAudit(engine, witness)
    assert users.put(A_USER, AN_ACT)
    assert not users.put(replace(A_USER, role=Role.ADMIN), AN_ACT)
    assert users.put(replace(A_USER, role=Role.VIEWER, version=2), AN_ACT)
    assert not users.put(replace(A_USER, role=Role.ADMIN, version=2), AN_ACT)
    found, head = users.find("anna"), audit.head()
    assert found is not None
    assert found.role is Role.VIEWER
    assert head is not None
    assert head.number == 2
    assert not audit.verify()


def test_sessions_end(engine: Engine, witness: Witness) -> None:
    """One by one, all of a user's, and those that are over; times move on."""
    sessions = SqlSessions(engine, witness)
    for number in range(4):
        sessions.open(replace(A_SESSION, id=bytes([number]) * 32, user=f"user:{'ab'[number % 2]}"), AN_ACT)
    sessions.touch(bytes(32), seen=50, proved=40)
    found = sessions.find(bytes(32))
    assert found is not None
    assert (found.seen, found.proved, found.user) == (50, 40, "user:a")
    assert sessions.close(bytes(32), AN_ACT)
    assert not sessions.close(bytes(32), AN_ACT)
    assert sessions.close_all("user:b") == 2
    sessions.purge(seen=10, created=10)
    assert sessions.find(bytes([2]) * 32) is not None
    sessions.purge(seen=11, created=0)
    assert sessions.find(bytes([2]) * 32) is None


def test_hits_are_counted(engine: Engine) -> None:
    """Each by name, with its last time; a name that only looks like the prefix is not it."""
    hits = SqlHits(engine)
    for name, at in (("a_:1", 5), ("a_:1", 7), ("ab:1", 6)):
        hits.add(name, at)
    assert hits.all("a_:") == {"a_:1": Hit(2, 7)}


def test_notices_are_taken_by_one(engine: Engine) -> None:
    """Those of one destination together once one is due, by nobody else within the lease; failed ones come again."""
    outbox = SqlOutbox(engine)
    notices = [
        Notice(id=f"n-{n}", destination="ab"[n % 2], event="test", subject="", text="t", created=n) for n in range(4)
    ]
    outbox.put(notices[:2], due=100)
    outbox.put(notices, due=200)
    assert list(outbox.take(99, 50)) == []
    assert [notice.id for notice in outbox.take(100, 50)] == ["n-0", "n-2"]
    assert [notice.id for notice in outbox.take(100, 50)] == ["n-1", "n-3"]
    assert list(outbox.take(149, 50)) == []
    outbox.failed(["n-0", "n-2"], due=300, failure="503")
    outbox.done(["n-1", "n-3"])
    assert list(outbox.take(299, 50)) == []
    assert [(notice.id, notice.attempts) for notice in outbox.take(300, 50)] == [("n-0", 1), ("n-2", 1)]
