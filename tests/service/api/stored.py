"""A control plane over a real SQLite database with a few flags, accounts, evaluations and decisions in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.access import Role
from service.api.app import build
from service.api.control import clock
from service.api.tokens import issue
from service.bootstrap.stores import stores, upgrade
from service.model.decision import Kind
from service.ports import Commit, EntityState
from service.settings import Settings
from tests.service.api.conftest import SECRETS
from tests.service.api.factories import HOUR, NOVEMBER, a_decision, a_flag, an_evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI


def stored_plane(folder: Path) -> Iterator[tuple[FastAPI, dict[str, str]]]:
    """The application, and the header of an admin's token."""
    # Not on loopback, so that the Host of a test client is served.
    settings = Settings(data=folder, control="0.0.0.0:8081")
    upgrade(settings)
    held = stores(settings)
    flags = [a_flag(), a_flag("flag-2", "team/acct-2"), a_flag("flag-3", flagged_at=NOVEMBER + 2 * HOUR)]
    state = EntityState(320, NOVEMBER, NOVEMBER + HOUR, -1, "", b"")
    held.checkpoint.commit(
        Commit(flags=flags, evaluations=[an_evaluation()], entities=dict.fromkeys((f.entity for f in flags), state))
    )
    for decision in (a_decision("d-throttle"), a_decision("d-block", Kind.BLOCK)):
        held.decisions.add(decision)
    token = issue(held.tokens, SECRETS.token_key, role=Role.ADMIN, now=clock(), life=None)
    app = build(settings, records=held.records, decisions=held.decisions, tokens=held.tokens, secrets=SECRETS)
    yield app, {"Authorization": f"Bearer {token}"}
    held.engine.dispose()
