"""A control plane with seeded records, and a client for each identity."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from service.api.access import Role
from service.api.app import build
from service.api.tokens import issue
from service.model.decision import Kind
from service.secrets import Secrets
from service.settings import Settings
from tests.service.api.factories import HOUR, a_decision, a_flag, an_account, an_evaluation
from tests.service.api.memory import MemoryDecisions, MemoryRecords, MemoryTokens

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

SECRETS = Secrets(pepper=b"p" * 32, spool_key=b"s" * 32, token_key=b"t" * 32, digest_key=b"d" * 32)
CALLER_KEY = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz"
IDENTITIES = ("anonymous", "caller", "viewer", "analyst", "admin", "revoked", "expired")


@dataclass
class Plane:
    """One control plane, its ports, and the Authorization header of every identity."""

    app: FastAPI
    records: MemoryRecords
    decisions: MemoryDecisions
    tokens: MemoryTokens
    settings: Settings
    headers: dict[str, dict[str, str]]

    def client(self, identity: str = "anonymous") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8081", headers=self.headers[identity])


@pytest.fixture
def plane(tmp_path: Path) -> Plane:
    """Three flags of two accounts, and two decisions."""
    settings = Settings(data=tmp_path)
    records = MemoryRecords(
        stored=[
            a_flag("flag-1"),
            a_flag("flag-2", flagged_at=a_flag().flagged_at + HOUR),
            a_flag("flag-3", "team/acct-2"),
        ],
        known=[an_account(), an_account("team/acct-2")],
        scored=[an_evaluation(), an_evaluation(at=an_evaluation().at + HOUR, score=0.5)],
    )
    decisions = MemoryDecisions({d.id: d for d in (a_decision("d-throttle"), a_decision("d-block", Kind.BLOCK))})
    tokens = MemoryTokens()
    app = build(settings, records=records, decisions=decisions, tokens=tokens, secrets=SECRETS)
    return Plane(app, records, decisions, tokens, settings, _headers(tokens))


def _headers(tokens: MemoryTokens) -> dict[str, dict[str, str]]:
    now = time.time_ns() // 1000
    texts = {role.value: issue(tokens, SECRETS.token_key, role=role, now=now, life=None) for role in Role}
    texts["caller"] = CALLER_KEY
    texts["revoked"] = issue(tokens, SECRETS.token_key, role=Role.ADMIN, now=now, life=None)
    tokens.revoke(texts["revoked"].split("_")[1])
    texts["expired"] = issue(tokens, SECRETS.token_key, role=Role.ADMIN, now=now - 2, life=1)
    return {"anonymous": {}} | {name: {"Authorization": f"Bearer {text}"} for name, text in texts.items()}
