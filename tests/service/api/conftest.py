"""A control plane over a real SQLite store with seeded records, and a client for each identity."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from service.access.door import Door
from service.access.people import People
from service.access.tries import Tries
from service.api.access import Role
from service.api.app import build
from service.api.control import clock
from service.api.tokens import issue
from service.bootstrap.evidence import packer
from service.bootstrap.ingest import ingest
from service.bootstrap.notices import notices
from service.bootstrap.stores import stores, upgrade
from service.model.appeal import Appeal
from service.model.decision import Kind
from service.model.declaration import Declaration, Job
from service.model.entity import Entity, Scope
from service.model.notification import Channel
from service.model.proposal import Proposal
from service.model.suppression import Suppression
from service.model.view import SavedView
from service.ports import Commit, Token
from service.review.desk import Desk
from service.secrets import Secrets
from service.settings import Notify, Settings
from tests.contracts.factories import AN_ACT
from tests.service.api.factories import HOUR, a_decision, a_flag, a_state, an_evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from service.bootstrap.stores import Stores
    from service.model.user import User

SECRETS = Secrets(pepper=b"p" * 32, spool_key=b"s" * 32, token_key=b"t" * 32, digest_key=b"d" * 32)
CALLER_KEY = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz"
PASSWORD = "correct horse battery"
USERS = {"vera": Role.VIEWER, "anna": Role.ANALYST, "adam": Role.ADMIN, "disabled": Role.ADMIN}
IDENTITIES = ("anonymous", "caller", "viewer", "analyst", "admin", "revoked", "expired")


@dataclass(frozen=True)
class Seeded:
    """A database to copy, and the Authorization header of every identity in it."""

    database: Path
    headers: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Plane:
    """One control plane and what stands behind it."""

    app: FastAPI
    stores: Stores
    settings: Settings
    headers: dict[str, dict[str, str]]
    seeded: Path

    def renew(self) -> None:
        """Put the database back to what it was seeded with."""
        with closing(sqlite3.connect(self.seeded)) as source, closing(sqlite3.connect(self.database)) as target:
            source.backup(target)

    @property
    def database(self) -> Path:
        """The file that the store is in."""
        return self.settings.data / "revenuer.db"

    def password(self, identity: str) -> str:
        """What proves the identity's session once more."""
        return PASSWORD if identity in USERS else self.headers[identity].get("Authorization", "Bearer none")[7:]

    def client(self, identity: str = "anonymous") -> httpx.AsyncClient:
        """A client with the identity's credentials."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8081", headers=self.headers[identity])

    def store(self, **records: Any) -> None:
        """Store more, as a worker does."""
        self.stores.checkpoint.commit(Commit(**records))

    def decided(self) -> set[str]:
        """Ids of the decisions there are."""
        return {decision.id for decision in self.stores.decisions.all()}

    def change_the_database(self, statement: str) -> None:
        """Run a statement behind the control plane's back."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)

    def lose_the_database(self) -> None:
        """Take the database away from under the running control plane."""
        self.stores.close()
        for path in self.settings.data.glob("revenuer.db*"):
            path.unlink()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Three flags of two accounts, two evaluations of one, two decisions, and a token for each role."""
    settings = Settings(data=tmp_path_factory.mktemp("seeded"))
    upgrade(settings)
    held = stores(settings)
    flags = [a_flag("flag-1"), a_flag("flag-2", flagged_at=a_flag().flagged_at + HOUR), a_flag("flag-3", "team/acct-2")]
    evaluations = [an_evaluation(), an_evaluation(at=an_evaluation().at + HOUR, score=0.5)]
    entities = {Entity(Scope.ACCOUNT, value): a_state() for value in ("acct-1", "team/acct-2")}
    held.checkpoint.commit(Commit(flags=flags, evaluations=evaluations, entities=entities))
    for decision in (a_decision("d-throttle"), a_decision("d-block", Kind.BLOCK)):
        held.decisions.add(decision, AN_ACT)
    while Desk(held.alerts, held.records).gather():
        pass
    headers = _headers(held)
    held.close()
    return Seeded(settings.data / "revenuer.db", headers)


@pytest.fixture(scope="session")
def peopled(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """The same with users, who are signed in, a proposal, a suppression and an appeal."""
    settings = Settings(data=tmp_path_factory.mktemp("peopled"), notify=Notify(private=True))
    shutil.copy(seeded.database, settings.data)
    held, now = stores(settings), clock()
    headers = _sessions(held, now)
    act, entity = replace(AN_ACT, at=now), Entity(Scope.ACCOUNT, "acct-1")
    block = a_decision("d-proposed", Kind.BLOCK)
    held.registers.proposals.put(Proposal(id=block.id, decision=block, by="user:anna", created=now), act)
    hidden = Suppression(id="s-1", entity=entity, owner="team", reason="known", created=now, until=now + 24 * HOUR)
    held.registers.suppressions.put(hidden, act)
    said = {"statement": "It is our own evaluation.", "filed_by": "user:zoe", "decided_before": ("user:yves",)}
    told = notices(settings, held.registers, SECRETS)
    webhook, _ = told.destination("ops", Channel.WEBHOOK, "https://127.0.0.1:9/", wait=0)
    held.registers.destinations.put(webhook, act)
    appeal = Appeal(id="a-1", entity=entity, decision="d-throttle", created=now, **said)  # type: ignore[arg-type]
    held.registers.appeals.put(appeal, act)
    job = Declaration(account="team/acct-2", job=Job.BATCH, since=now, until=now + 24 * HOUR, budget=100, owner="team")
    held.registers.declarations.put(job, act)
    held.registers.views.put(SavedView(id="theirs", query="severity=high", owner="user:anna", created=now), act)
    held.close()
    return Seeded(settings.data / "revenuer.db", seeded.headers | headers)


@pytest.fixture
def people(peopled: Seeded, tmp_path: Path) -> Iterator[Plane]:
    """A control plane that people work with."""
    yield from planes(peopled, Settings(data=tmp_path))


@pytest.fixture
def plane(seeded: Seeded, tmp_path: Path) -> Iterator[Plane]:
    """A control plane on a copy of the seeded database."""
    yield from planes(seeded, Settings(data=tmp_path))


def planes(seeded: Seeded, settings: Settings) -> Iterator[Plane]:
    """One plane, whose store is closed afterwards."""
    shutil.copy(seeded.database, settings.data)
    held = stores(settings)
    app = build(
        settings,
        records=held.records,
        decisions=held.decisions,
        tokens=held.tokens,
        alerts=held.alerts,
        audit=held.audit,
        ingest=ingest(settings, held),
        registers=held.registers,
        baselines=held.baselines,
        notices=notices(settings, held.registers, SECRETS),
        secrets=SECRETS,
        pack=packer(settings, held),
    )
    yield Plane(app, held, settings, seeded.headers, seeded.database)
    held.close()


def _headers(held: Stores) -> dict[str, dict[str, str]]:
    tokens, key, now = held.tokens, SECRETS.token_key, clock()
    texts = {role.value: issue(tokens, key, role=role, now=now, life=None) for role in Role}
    texts["caller"] = CALLER_KEY
    texts["revoked"] = issue(tokens, key, role=Role.ADMIN, now=now, life=None)
    tokens.revoke(texts["revoked"].split("_")[1], AN_ACT)
    texts["expired"] = issue(tokens, key, role=Role.ADMIN, now=now - 2, life=1)
    tokens.add(Token("token-0", "viewer", now, None, bytes(32), "to be revoked"), AN_ACT)
    shown = {name: {"Authorization": f"Bearer {text}"} for name, text in texts.items()}
    return {"anonymous": {}} | shown


def _sessions(held: Stores, now: int) -> dict[str, dict[str, str]]:
    """Users of each role, signed in; and sessions that are over, or of another installation."""
    people = People(held.registers, SECRETS.token_key)
    for name, role in USERS.items():
        people.add(name, role, replace(AN_ACT, at=now), password=PASSWORD)

    def cookie(user: str, at: int, seen: int, key: bytes = SECRETS.token_key) -> dict[str, str]:
        door = Door(held.registers, people, key=key, times=Settings().access, tries=Tries())
        secret = door.open(f"user:{user}", at, by="password")
        opened = door.find(secret, at)
        assert opened is not None
        held.registers.sessions.touch(opened.session.id, seen=seen)
        return {"Cookie": f"revenuer={secret}", "X-CSRF-Token": opened.csrf}

    times = Settings().access
    idle, old = now - int((times.idle + 1) * 1e6), now - int((times.lifetime + 1) * 1e6)
    sessions = {name: cookie(name, now, now) for name in USERS}
    # Opened last, since whoever signs in clears away what is over.
    sessions |= {"elsewhere": cookie("adam", now, now, key=b"e" * 32), "idle": cookie("adam", now, idle)}
    sessions["old"] = cookie("adam", old, now)
    held.registers.users.put(replace(_user(held, "disabled"), disabled=now, version=2), AN_ACT)
    return sessions


def _user(held: Stores, name: str) -> User:
    user = held.registers.users.find(name)
    assert user is not None
    return user
